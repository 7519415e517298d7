import type { HttpResponse } from "./http.ts";
import { type Purpose, protocolFailure } from "./registry-error.ts";

/** An upload that a registry has begun. */
export type UploadSession = {
  /** Where the next piece goes. */
  readonly url: URL;
  /** How many bytes the registry has. */
  readonly offset: number;
  /** The fewest bytes that a piece may have, the last one excepted. */
  readonly leastChunk: number;
};

/**
 * The upload that an answer begins or goes on with.
 *
 * @param before what was known; the address and the least size of a piece are kept where the answer names none
 * @throws IMAGE_REGISTRY_PROTOCOL for an answer without a usable address
 */
export function readSession(response: HttpResponse, purpose: Purpose, before?: UploadSession): UploadSession {
  const least = Number(response.header("oci-chunk-min-length") ?? before?.leastChunk ?? 0);
  return {
    url: readLocation(response, purpose, before),
    offset: readOffset(response.header("range")) ?? before?.offset ?? 0,
    leastChunk: Number.isSafeInteger(least) && least > 0 ? least : 0,
  };
}

/** The address that completes an upload. */
export function completion({ url }: UploadSession, digest: string): URL {
  const complete = new URL(url);
  complete.searchParams.set("digest", digest);
  return complete;
}

/** A registry that speaks https may send pieces elsewhere, but not where everybody can read along. */
function readLocation(response: HttpResponse, purpose: Purpose, before: UploadSession | undefined): URL {
  const location = response.header("location");
  if (location === undefined && before !== undefined) return before.url;
  if (location === undefined || !URL.canParse(location, response.url.href)) {
    throw protocolFailure(purpose, "it names no address for the upload");
  }
  const url = new URL(location, response.url);
  const isDowngrade = response.url.protocol === "https:" && url.protocol !== "https:";
  if (isDowngrade || !["http:", "https:"].includes(url.protocol)) {
    throw protocolFailure(purpose, `it sends the upload to ${url.origin}, which is not https`);
  }
  return url;
}

/**
 * How many bytes a Range header says are there. `0-0` is what some registries say of an upload that has nothing yet, so
 * that a single byte cannot be told from none.
 */
function readOffset(range: string | undefined): number | undefined {
  const end = Number(/^(?:bytes=)?0-(\d{1,15})$/.exec(range ?? "")?.[1] ?? Number.NaN);
  if (Number.isNaN(end)) return undefined;
  return end === 0 ? 0 : end + 1;
}
