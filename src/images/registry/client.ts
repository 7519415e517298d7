import { anonymous, type CredentialSource, type Credentials } from "../../credentials/index.ts";
import { formatReference, type Reference, repositoryOf } from "../reference.ts";
import { createBlobReader } from "./blob-reader.ts";
import { createBlobWriter } from "./blob-writer.ts";
import { checkDomain } from "./endpoint.ts";
import { type ChannelPurpose, createChannels, repositoryAddress } from "./host-channel.ts";
import type { Host, HostFinder } from "./hosts/host.ts";
import { insecurely, usualHost } from "./hosts/usual-host.ts";
import { lateWriter } from "./late-writer.ts";
import { type LoggedIn, logIn } from "./log-in.ts";
import { createManifestReader } from "./manifest-reader.ts";
import { createManifestWriter } from "./manifest-writer.ts";
import type { Proxies } from "./proxies.ts";
import { firstReachable } from "./reachable.ts";
import { createReferrerLister } from "./referrer-lister.ts";
import type { Repository, RepositoryWriter } from "./repository.ts";
import { createRequester, type Requester } from "./requester.ts";
import { type Delay, realDelay } from "./retry.ts";
import { type SearchHit, type SearchQuery, searchRegistry } from "./search.ts";
import { severalHosts } from "./several-hosts.ts";
import { createTagLister } from "./tag-lister.ts";

export type RegistryClientOptions = {
  /** Where credentials come from when a caller brings none. */
  credentials?: CredentialSource;
  /** Where repositories are to be had; at the registries that references name, if left out. */
  hosts?: HostFinder;
  /** Which registries are spoken to without encryption, where `hosts` is left out; loopback addresses by default. */
  isPlain?: (host: string) => boolean;
  /** Certificates, in PEM, of authorities to trust besides Node's and the machine's. */
  ca?: readonly string[];
  /** Asked once, before the first connection. */
  proxies?: () => Proxies;
  /** Milliseconds after which a connection that is not there has failed, the TLS handshake included. */
  connectTimeout?: number;
  /** Milliseconds without any byte in either direction after which an exchange has failed. */
  idleTimeout?: number;
  /** Bytes of a piece, where a blob has to be sent in pieces. */
  chunkSize?: number;
  userAgent?: string;
  now?: () => number;
  delay?: Delay;
};

export type RepositoryOptions = {
  /** For the registry itself; mirrors do not get them. */
  credentials?: CredentialSource | undefined;
  /** What is done, for errors: "cannot <verb> NAME"; pull or push by default. */
  verb?: string | undefined;
  /** The registry may have any certificate, or speak without encryption. */
  insecure?: boolean | undefined;
  /** Whether mirrors of the registry may be asked, as by default. */
  mirrors?: boolean | undefined;
};

export type SearchOptions = Pick<RepositoryOptions, "credentials"> & { signal?: AbortSignal | undefined };

/** Access to registries. Connections are kept until it is disposed of. */
export interface RegistryClient extends Disposable {
  /** The repository that a reference is in. */
  repository(reference: Reference, options?: RepositoryOptions): Repository;
  /** The same, to push to. */
  writer(reference: Reference, options?: RepositoryOptions): RepositoryWriter;
  /** Tries credentials out on a registry. @throws IMAGE_REFERENCE, IMAGE_REGISTRY_UNAUTHORIZED */
  logIn(domain: string, credentials: Credentials, signal?: AbortSignal): Promise<LoggedIn>;
  /** Looks for repositories in a registry; mirrors are not asked. @throws IMAGE_REFERENCE */
  search(domain: string, query: SearchQuery, options?: SearchOptions): Promise<SearchHit[]>;
}

/**
 * A client of the distribution specification.
 * Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const {
    now = Date.now,
    delay = realDelay,
    userAgent = "tug",
    chunkSize,
    credentials = anonymous,
  } = options;
  const findHosts: HostFinder =
    options.hosts ?? (async (reference) => [usualHost(reference, { isPlain: options.isPlain })]);
  const { ca, proxies = () => ({}), connectTimeout, idleTimeout } = options;
  const channels = createChannels({
    ca,
    proxies,
    connectTimeout,
    idleTimeout,
    userAgent,
    now,
    delay,
  });

  const hostsOf = async (reference: Reference, insecure: boolean): Promise<readonly Host[]> => {
    const hosts = await findHosts(reference);
    return insecure ? hosts.flatMap(insecurely) : hosts;
  };

  const ownHosts = async (domain: string): Promise<readonly Host[]> => {
    checkDomain(domain);
    return (await findHosts({ domain, path: "" })).filter(({ isMirror }) => !isMirror);
  };

  /** Mirrors have credentials of their own, under their own names. */
  const rightsAt = (host: Host, reference: Reference, own: CredentialSource | undefined) => ({
    credentials: host.isMirror ? credentials : (own ?? credentials),
    name: host.isMirror ? `${host.api.host}/${host.path}` : repositoryOf(reference),
  });

  const reader = (host: Host, purpose: ChannelPurpose): Repository => {
    const channel = channels.open(host, purpose);
    const { namespace } = host;
    const place = {
      requester: createRequester(channel),
      base: repositoryAddress(host),
      purpose: channel.purpose,
    };
    const manifests = createManifestReader({ ...place, namespace });
    return {
      ...manifests,
      referrers: createReferrerLister({ ...place, manifest: manifests.manifest }),
      blob: createBlobReader({ ...place, namespace, delay }),
      tags: createTagLister(place),
    };
  };

  const writerAt = (host: Host, purpose: ChannelPurpose): RepositoryWriter => {
    const channel = channels.open(host, purpose);
    const base = repositoryAddress(host);
    const requester = createRequester(channel);
    const mounters = new Map<string, Requester>();
    const mounting = (from: string): Requester => {
      const scopes = [...purpose.scopes, `repository:${from}:pull`];
      const known = mounters.get(from) ?? createRequester(channels.open(host, { ...purpose, scopes }));
      mounters.set(from, known);
      return known;
    };
    return {
      ...createManifestWriter({ requester, base, purpose: channel.purpose }),
      ...createBlobWriter({ channel, requester, mounting, base, chunkSize }),
    };
  };

  return {
    repository(reference, { credentials: own, verb = "pull", insecure = false, mirrors = true } = {}) {
      const object = formatReference(reference);
      return severalHosts(repositoryOf(reference), async () =>
        (await hostsOf(reference, insecure))
          .filter(({ isMirror }) => mirrors || !isMirror)
          .map((host) => {
            const scopes = [`repository:${host.path}:pull`];
            const purpose = { verb, object, scopes, ...rightsAt(host, reference, own) };
            const { capabilities, isMirror, api } = host;
            return { repository: reader(host, purpose), capabilities, isMirror, host: api.host };
          }),
      );
    },
    writer(reference, { credentials: own, verb = "push", insecure = false } = {}) {
      const object = reference.tag === undefined ? repositoryOf(reference) : formatReference(reference);
      return lateWriter(async (signal) => {
        const hosts = (await hostsOf(reference, insecure)).filter(({ capabilities }) =>
          capabilities.includes("push"),
        );
        const purposeAt = (host: Host): ChannelPurpose => {
          const actions = verb === "delete" ? "pull,push,delete" : "pull,push";
          const scopes = [`repository:${host.path}:${actions}`];
          return { verb, object, scopes, ...rightsAt(host, reference, own) };
        };
        const open = (host: Host) => channels.open(host, purposeAt(host));
        const host = await firstReachable(hosts, { open, name: object, signal });
        return writerAt(host, purposeAt(host));
      });
    },
    async search(domain, query, { credentials: own = credentials, signal } = {}) {
      const purpose = {
        verb: "search",
        object: domain,
        scopes: ["registry:catalog:*"],
        credentials: own,
        name: domain,
      };
      const open = (host: Host) => channels.open(host, purpose);
      const host = await firstReachable(await ownHosts(domain), { open, name: domain, signal });
      const channel = open(host);
      const requester = createRequester(channel);
      return await searchRegistry({ requester, api: host.api, purpose: channel.purpose }, query, signal);
    },
    async logIn(domain, given, signal) {
      const purpose = { verb: "log in to", object: domain, scopes: [], credentials, name: domain };
      const open = (host: Host) => channels.open(host, purpose);
      const host = await firstReachable(await ownHosts(domain), { open, name: domain, signal });
      return await logIn({ channel: open(host), api: host.api, credentials: given, signal });
    },
    [Symbol.dispose]: () => channels[Symbol.dispose](),
  };
}
