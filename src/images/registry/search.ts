import { readBody } from "./body.ts";
import { nextPage } from "./next-page.ts";
import { type Purpose, protocolFailure } from "./registry-error.ts";
import type { Requester } from "./requester.ts";

/** A repository that was found. Names are as the registry writes them, without its own. */
export type SearchHit = {
  readonly name: string;
  readonly description: string;
  readonly stars: number;
  readonly isOfficial: boolean;
  readonly isAutomated: boolean;
};

export type SearchQuery = {
  readonly term: string;
  /** At most so many are given. */
  readonly limit: number;
};

export type RegistrySearchOptions = {
  requester: Requester;
  /** The registry's own address: `https://registry.example/v2/`. */
  api: URL;
  purpose: Purpose;
};

/** Docker Hub searches at another address than it serves. */
const hub = { host: "registry-1.docker.io", searches: "https://index.docker.io/" };

/** Bytes of one answer. */
const maxPage = 4 * 1024 * 1024;
/** No honest registry lists more, where all it has must be read. */
const maxPages = 1000;

/**
 * Searches a registry: by the search of Docker's first registry protocol, which Docker Hub and a few others have, else
 * among the repositories that it lists.
 *
 * Source: https://github.com/moby/moby/blob/v28.0.0/registry/session.go, `searchRepositories`, and
 * https://distribution.github.io/distribution/spec/api/#catalog
 */
export async function searchRegistry(
  options: RegistrySearchOptions,
  query: SearchQuery,
  signal?: AbortSignal,
): Promise<SearchHit[]> {
  const hits = (await askSearch(options, query, signal)) ?? (await lookThrough(options, query, signal));
  return hits.slice(0, query.limit);
}

/** Undefined where the registry has no search. */
function askSearch(
  { requester, api, purpose }: RegistrySearchOptions,
  { term, limit }: SearchQuery,
  signal: AbortSignal | undefined,
): Promise<SearchHit[] | undefined> {
  const url = new URL("/v1/search", api.host === hub.host ? hub.searches : api);
  url.search = new URLSearchParams({ q: term, n: String(limit) }).toString();
  return requester({ method: "GET", url, accept: [200, 404, 405, 410], signal }, async (response) => {
    if (response.status === 200) return hitsOf(await readBody(response, maxPage, purpose.object), purpose);
    response.body.destroy();
    return undefined;
  });
}

async function lookThrough(
  { requester, api, purpose }: RegistrySearchOptions,
  { term, limit }: SearchQuery,
  signal: AbortSignal | undefined,
): Promise<SearchHit[]> {
  const hits: SearchHit[] = [];
  let next: URL | undefined = new URL("_catalog?n=1000", api);
  for (let page = 0; next !== undefined && hits.length < limit; page += 1) {
    if (page === maxPages) throw protocolFailure(purpose, `its list has more than ${maxPages} pages`);
    const url: URL = next;
    next = await requester({ method: "GET", url, accept: [200], signal }, async (response) => {
      const names = namesOf(await readBody(response, maxPage, purpose.object), purpose);
      for (const name of names.filter((each) => each.includes(term))) hits.push({ name, ...unknown });
      return names.length === 0 ? undefined : nextPage(response, { url, purpose, what: "repositories" });
    });
  }
  return hits;
}

/** What a list of names does not tell. */
const unknown = { description: "", stars: 0, isOfficial: false, isAutomated: false };

function hitsOf(body: Buffer, purpose: Purpose): SearchHit[] {
  const { results } = parse(body, purpose) as { results?: unknown };
  if (!Array.isArray(results)) throw malformed(purpose);
  return results.map((each: unknown) => {
    const { name, description, star_count, is_official, is_automated } = Object(each) as Hit;
    if (!isName(name)) throw malformed(purpose);
    return {
      name,
      description: typeof description === "string" ? description : "",
      stars: typeof star_count === "number" && Number.isSafeInteger(star_count) ? star_count : 0,
      isOfficial: is_official === true,
      isAutomated: is_automated === true,
    };
  });
}

type Hit = Readonly<Record<"name" | "description" | "star_count" | "is_official" | "is_automated", unknown>>;

function namesOf(body: Buffer, purpose: Purpose): string[] {
  const { repositories } = parse(body, purpose) as { repositories?: unknown };
  if (repositories === null || repositories === undefined) return [];
  if (Array.isArray(repositories) && repositories.every(isName)) return repositories;
  throw malformed(purpose);
}

function parse(body: Buffer, purpose: Purpose): object {
  try {
    return Object(JSON.parse(body.toString()));
  } catch {
    throw malformed(purpose);
  }
}

function isName(value: unknown): value is string {
  return typeof value === "string" && /^[\w][\w./:-]{0,255}$/.test(value);
}

function malformed(purpose: Purpose): Error {
  return protocolFailure(purpose, "its answer to a search is malformed");
}
