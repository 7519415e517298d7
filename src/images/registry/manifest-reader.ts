import { createHash } from "node:crypto";
import { type Digest, isDigest, splitDigest } from "../../base/index.ts";
import { type Descriptor, indexMediaTypes, manifestMediaTypes, maxManifestSize } from "../../specs/index.ts";
import { imageError } from "../errors.ts";
import { readBody } from "./body.ts";
import type { HttpResponse } from "./http.ts";
import { type Purpose, protocolFailure } from "./registry-error.ts";
import type { Repository } from "./repository.ts";
import type { Requester } from "./requester.ts";

export type ManifestReaderOptions = {
  requester: Requester;
  /** Address of the repository, ending in a slash. */
  base: URL;
  purpose: Purpose;
  /** The registry that a mirror should think of. */
  namespace?: string | undefined;
};

/** The Accept header of requests for manifests and indexes. */
export const acceptedManifests = [...indexMediaTypes, ...manifestMediaTypes].join(", ");

/** The half of a `Repository` that reads manifests. */
export function createManifestReader(
  options: ManifestReaderOptions,
): Pick<Repository, "resolve" | "manifest"> {
  const { requester, base, purpose, namespace } = options;
  const request = (method: "GET" | "HEAD", reference: string, signal: AbortSignal | undefined) => {
    const url = new URL(`manifests/${reference}`, base);
    if (namespace !== undefined) url.searchParams.set("ns", namespace);
    return { method, url, headers: { accept: acceptedManifests }, accept: [200], signal };
  };
  return {
    resolve: (reference, signal) => requester(request("HEAD", reference, signal), describe),
    manifest: (reference, signal) =>
      requester(request("GET", reference, signal), async (response) => {
        const data = await readBody(response, maxManifestSize, `the manifest of ${purpose.object}`);
        const digest = verify(options, { response, reference, data });
        if (data.length === 0) throw protocolFailure(purpose, "it answered with an empty manifest");
        return { descriptor: { mediaType: mediaTypeOf(response), digest, size: data.length }, data };
      }),
  };
}

/** The descriptor that the headers of an answer make. */
function describe(response: HttpResponse): Descriptor | undefined {
  response.body.destroy();
  const digest = digestHeader(response);
  const size = Number(response.header("content-length"));
  const isUsable = digest !== undefined && Number.isSafeInteger(size) && size > 0;
  return isUsable ? { mediaType: mediaTypeOf(response), digest, size } : undefined;
}

/** The digest of a manifest, which must be the one asked for and the one that the header announces. */
function verify(
  { purpose }: ManifestReaderOptions,
  { response, reference, data }: { response: HttpResponse; reference: string; data: Uint8Array },
): Digest {
  const announced = digestHeader(response);
  const wanted = isDigest(reference) ? reference : announced;
  for (const expected of [wanted, announced]) {
    if (expected === undefined || digestOf(data, expected) === expected) continue;
    throw imageError(
      "CONTENT_DIGEST",
      `cannot ${purpose.verb} ${purpose.object}: registry ${purpose.registry} gave a manifest that is not ${expected}`,
      { details: { reference: purpose.object, registry: purpose.registry } },
    );
  }
  return digestOf(data, wanted);
}

function mediaTypeOf(response: HttpResponse): string {
  return (response.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

/** The digest that the registry tells; one of an unknown form is as good as none. */
export function digestHeader(response: HttpResponse): Digest | undefined {
  const value = response.header("docker-content-digest");
  return value !== undefined && isDigest(value) ? value : undefined;
}

/** The digest of data by the algorithm of another digest, sha256 when there is none. */
function digestOf(data: Uint8Array, like: Digest | undefined): Digest {
  const algorithm = like === undefined ? "sha256" : splitDigest(like).algorithm;
  return `${algorithm}:${createHash(algorithm).update(data).digest("hex")}` as Digest;
}
