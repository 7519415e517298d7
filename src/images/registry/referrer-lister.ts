import { type Digest, splitDigest, TugError } from "../../base/index.ts";
import { type Descriptor, mediaTypes, parseIndex } from "../../specs/index.ts";
import { readBody } from "./body.ts";
import { nextPage } from "./next-page.ts";
import { type Purpose, protocolFailure } from "./registry-error.ts";
import type { Repository } from "./repository.ts";
import type { Requester } from "./requester.ts";

export type ReferrerListerOptions = {
  requester: Requester;
  /** Address of the repository, ending in a slash. */
  base: URL;
  purpose: Purpose;
  manifest: Repository["manifest"];
};

/** Bytes of one page. */
const maxPage = 4 * 1024 * 1024;
/** No honest manifest has more. */
const maxReferrers = 10_000;
/** What registries answer that know nothing of referrers. */
const unsupported = [400, 404, 405];

/**
 * Lists what refers to a manifest as its subject, page by page; where the registry has no list, what those who put
 * referrers there have listed under a tag.
 * Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
export function createReferrerLister(options: ReferrerListerOptions): Repository["referrers"] {
  return async (digest, signal) => {
    const referrers: Descriptor[] = [];
    let next: URL | undefined = new URL(`referrers/${digest}`, options.base);
    while (next !== undefined) {
      const page: Page | undefined = await readPage(options, next, signal);
      if (page === undefined) return await readTag(options, digest, signal);
      referrers.push(...page.referrers);
      if (referrers.length > maxReferrers) {
        throw protocolFailure(options.purpose, `it lists more than ${maxReferrers} referrers`);
      }
      next = page.referrers.length === 0 ? undefined : page.next;
    }
    return referrers;
  };
}

type Page = { referrers: readonly Descriptor[]; next: URL | undefined };

/** Undefined where the registry knows no referrers. */
function readPage(
  { requester, purpose }: ReferrerListerOptions,
  url: URL,
  signal: AbortSignal | undefined,
): Promise<Page | undefined> {
  const headers = { accept: mediaTypes.index };
  return requester(
    { method: "GET", url, headers, accept: [200, ...unsupported], signal },
    async (response) => {
      if (response.status !== 200) {
        response.body.destroy();
        return undefined;
      }
      const next = nextPage(response, { url, purpose, what: "referrers" });
      const body = await readBody(response, maxPage, `the referrers of ${purpose.object}`);
      return { referrers: parseIndex(body, `the referrers of ${purpose.object}`).manifests, next };
    },
  );
}

/** Source: the same, "Referrers Tag Schema" */
async function readTag(
  { manifest, purpose }: ReferrerListerOptions,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[]> {
  const { algorithm, hex } = splitDigest(digest);
  try {
    const { data } = await manifest(`${algorithm}-${hex}`, signal);
    return parseIndex(data, `the referrers of ${purpose.object}`).manifests;
  } catch (error) {
    if (error instanceof TugError && error.code === "IMAGE_REGISTRY_NOT_FOUND") return [];
    throw error;
  }
}
