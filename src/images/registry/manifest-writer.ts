import { imageError } from "../errors.ts";
import { acceptedManifests, digestHeader } from "./manifest-reader.ts";
import type { Purpose } from "./registry-error.ts";
import type { RepositoryWriter } from "./repository.ts";
import type { Requester } from "./requester.ts";

export type ManifestWriterOptions = {
  requester: Requester;
  /** Address of the repository, ending in a slash. */
  base: URL;
  purpose: Purpose;
};

/**
 * The half of a `RepositoryWriter` that writes manifests.
 * Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests
 */
export function createManifestWriter(
  options: ManifestWriterOptions,
): Pick<RepositoryWriter, "hasManifest" | "putManifest" | "deleteManifest"> {
  const { requester, base, purpose } = options;
  return {
    hasManifest: (reference, signal) => {
      const url = new URL(`manifests/${reference}`, base);
      const headers = { accept: acceptedManifests };
      return requester({ method: "HEAD", url, headers, accept: [200, 404], signal }, (response) => {
        response.body.destroy();
        return response.status === 200 && (digestHeader(response) ?? true);
      });
    },
    deleteManifest: (digest, signal) => {
      const url = new URL(`manifests/${digest}`, base);
      return requester({ method: "DELETE", url, accept: [200, 202, 204], signal }, (response) => {
        response.body.resume();
      });
    },
    putManifest: (reference, { mediaType, digest, data }, signal) => {
      const url = new URL(`manifests/${reference}`, base);
      const headers = { "content-type": mediaType };
      const body = { length: data.length, read: () => once(data) };
      const request = { method: "PUT" as const, url, headers, body, accept: [200, 201, 202], signal };
      return requester(request, (response) => {
        response.body.resume();
        const stored = digestHeader(response);
        if (stored === undefined || stored === digest) return;
        throw imageError(
          "CONTENT_DIGEST",
          `cannot ${purpose.verb} ${purpose.object}: registry ${purpose.registry} stored manifest ${digest} as ${stored}`,
          { details: { reference: purpose.object, registry: purpose.registry } },
        );
      });
    },
  };
}

async function* once(data: Uint8Array): AsyncGenerator<Uint8Array> {
  yield data;
}
