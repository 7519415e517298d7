import { formatReference, type Reference } from "../reference.ts";
import { createAuthorizer } from "./authorizer.ts";
import { createBlobReader } from "./blob-reader.ts";
import { anonymous, type CredentialSource } from "./credentials.ts";
import { registryOrigin } from "./endpoint.ts";
import { createHttpClient, type HttpOptions } from "./http.ts";
import { createManifestReader } from "./manifest-reader.ts";
import type { Repository } from "./repository.ts";
import { createRequester } from "./requester.ts";
import { type Delay, realDelay } from "./retry.ts";

export type RegistryClientOptions = HttpOptions & {
  /** Where credentials come from when a caller brings none. */
  credentials?: CredentialSource;
  /** Which hosts are spoken to without encryption; loopback addresses by default. */
  isPlain?: (host: string) => boolean;
  userAgent?: string;
  now?: () => number;
  delay?: Delay;
};

/** Access to registries. Connections are kept until it is disposed of. */
export interface RegistryClient extends Disposable {
  /** The repository that a reference is in. */
  repository(reference: Reference, options?: { credentials?: CredentialSource | undefined }): Repository;
}

/**
 * A client of the distribution specification, for pulling.
 * Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pull
 */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const { now = Date.now, delay = realDelay, userAgent = "tug" } = options;
  const http = createHttpClient(options);
  return {
    repository(reference, { credentials } = {}) {
      const { domain, path } = reference;
      const origin = registryOrigin(domain, options.isPlain);
      const authorizer = createAuthorizer({
        http,
        origin,
        domain,
        scope: `repository:${path}:pull`,
        credentials: credentials ?? options.credentials ?? anonymous,
        now,
      });
      const purpose = { verb: "pull", object: formatReference(reference), registry: origin.host };
      const requester = createRequester({ http, authorizer, purpose, now, delay, userAgent });
      const base = new URL(`/v2/${path}/`, origin);
      return {
        ...createManifestReader({ requester, base, purpose }),
        blob: createBlobReader({ requester, base, purpose, delay }),
      };
    },
    [Symbol.dispose]: () => http[Symbol.dispose](),
  };
}
