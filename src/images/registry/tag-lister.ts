import { readBody } from "./body.ts";
import { nextPage } from "./next-page.ts";
import { type Purpose, protocolFailure } from "./registry-error.ts";
import type { Requester } from "./requester.ts";

export type TagListerOptions = {
  requester: Requester;
  /** Address of the repository, ending in a slash. */
  base: URL;
  purpose: Purpose;
};

/** Bytes of one page. */
const maxPage = 4 * 1024 * 1024;
/** No honest repository has more tags. */
const maxTags = 1_000_000;

/**
 * Lists the tags of a repository, page by page, in the registry's order.
 * Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
 */
export function createTagLister(options: TagListerOptions): (signal?: AbortSignal) => Promise<string[]> {
  return async (signal) => {
    const tags: string[] = [];
    let next: URL | undefined = new URL("tags/list", options.base);
    while (next !== undefined) {
      const page: Page = await readPage(options, next, signal);
      tags.push(...page.tags);
      if (tags.length > maxTags) throw protocolFailure(options.purpose, `it lists more than ${maxTags} tags`);
      next = page.tags.length === 0 ? undefined : page.next;
    }
    return tags;
  };
}

type Page = { tags: string[]; next: URL | undefined };

function readPage(
  { requester, purpose }: TagListerOptions,
  url: URL,
  signal: AbortSignal | undefined,
): Promise<Page> {
  return requester({ method: "GET", url, accept: [200], signal }, async (response) => {
    const body = await readBody(response, maxPage, `the tags of ${purpose.object}`);
    const next = nextPage(response, { url, purpose, what: "tags" });
    return { tags: tagsOf(body, purpose), next };
  });
}

function tagsOf(body: Buffer, purpose: Purpose): string[] {
  try {
    const { tags } = Object(JSON.parse(body.toString())) as { tags?: unknown };
    if (tags === null || tags === undefined) return [];
    if (Array.isArray(tags) && tags.every(isTag)) return tags;
  } catch {
    // Not even JSON.
  }
  throw protocolFailure(purpose, "its list of tags is malformed");
}

function isTag(value: unknown): value is string {
  return typeof value === "string" && /^\w[\w.-]{0,127}$/.test(value);
}
