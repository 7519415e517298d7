import { anonymous, type CredentialSource, type Credentials } from "../../credentials/index.ts";
import { formatReference, type Reference, repositoryOf } from "../reference.ts";
import { createAuthorizer } from "./authorizer.ts";
import { createBlobReader } from "./blob-reader.ts";
import { createBlobWriter } from "./blob-writer.ts";
import { registryOrigin } from "./endpoint.ts";
import { createHttpClient, type HttpOptions } from "./http.ts";
import { type LoggedIn, logIn } from "./log-in.ts";
import { createManifestReader } from "./manifest-reader.ts";
import { createManifestWriter } from "./manifest-writer.ts";
import type { Repository, RepositoryWriter } from "./repository.ts";
import { type Channel, createRequester, type Requester } from "./requester.ts";
import { type Delay, realDelay } from "./retry.ts";

export type RegistryClientOptions = HttpOptions & {
  /** Where credentials come from when a caller brings none. */
  credentials?: CredentialSource;
  /** Which hosts are spoken to without encryption; loopback addresses by default. */
  isPlain?: (host: string) => boolean;
  /** Bytes of a piece, where a blob has to be sent in pieces. */
  chunkSize?: number;
  userAgent?: string;
  now?: () => number;
  delay?: Delay;
};

export type RepositoryOptions = { credentials?: CredentialSource | undefined };

/** Access to registries. Connections are kept until it is disposed of. */
export interface RegistryClient extends Disposable {
  /** The repository that a reference is in. */
  repository(reference: Reference, options?: RepositoryOptions): Repository;
  /** The same, to push to. */
  writer(reference: Reference, options?: RepositoryOptions): RepositoryWriter;
  /** Tries credentials out on a registry. @throws IMAGE_REGISTRY_UNAUTHORIZED */
  logIn(domain: string, credentials: Credentials, signal?: AbortSignal): Promise<LoggedIn>;
}

/**
 * A client of the distribution specification.
 * Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const { now = Date.now, delay = realDelay, userAgent = "tug", chunkSize } = options;
  const http = createHttpClient(options);

  const open = (verb: string, object: string, target: Target): Channel => {
    const { domain, path, scopes, credentials } = target;
    const origin = registryOrigin(domain, options.isPlain);
    const name = `${domain}/${path}`;
    const source = credentials ?? options.credentials ?? anonymous;
    const authorizer = createAuthorizer({ http, origin, name, scopes, credentials: source, now });
    const purpose = { verb, object, registry: origin.host };
    return { http, authorizer, origin, purpose, now, delay, userAgent };
  };

  return {
    repository(reference, { credentials } = {}) {
      const { domain, path } = reference;
      const target = { domain, path, credentials, scopes: [`repository:${path}:pull`] };
      const channel = open("pull", formatReference(reference), target);
      const requester = createRequester(channel);
      const base = new URL(`/v2/${path}/`, channel.origin);
      const { purpose } = channel;
      return {
        ...createManifestReader({ requester, base, purpose }),
        blob: createBlobReader({ requester, base, purpose, delay }),
      };
    },
    writer(reference, { credentials } = {}) {
      const { domain, path } = reference;
      const scopes = [`repository:${path}:pull,push`];
      const object = reference.tag === undefined ? repositoryOf(reference) : formatReference(reference);
      const channel = open("push", object, { domain, path, credentials, scopes });
      const requester = createRequester(channel);
      const base = new URL(`/v2/${path}/`, channel.origin);
      const mounters = new Map<string, Requester>();
      const mounting = (from: string) => {
        const both = [...scopes, `repository:${from}:pull`];
        const known =
          mounters.get(from) ??
          createRequester(open("push", object, { domain, path, credentials, scopes: both }));
        mounters.set(from, known);
        return known;
      };
      return {
        ...createManifestWriter({ requester, base, purpose: channel.purpose }),
        ...createBlobWriter({ channel, requester, mounting, base, chunkSize }),
      };
    },
    logIn: (domain, credentials, signal) => {
      const origin = registryOrigin(domain, options.isPlain);
      const purpose = { verb: "log in to", object: domain, registry: origin.host };
      return logIn({ http, origin, purpose, userAgent, now, credentials, signal });
    },
    [Symbol.dispose]: () => http[Symbol.dispose](),
  };
}

type Target = {
  domain: string;
  path: string;
  credentials: CredentialSource | undefined;
  scopes: readonly string[];
};
