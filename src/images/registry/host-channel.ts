import type { CredentialSource } from "../../credentials/index.ts";
import { createAuthorizer } from "./authorizer.ts";
import type { Host } from "./hosts/host.ts";
import { createHttpClient, type HttpClient, type HttpOptions } from "./http.ts";
import type { Proxies } from "./proxies.ts";
import type { Channel } from "./requester.ts";
import type { Delay } from "./retry.ts";

export type ChannelsOptions = Pick<HttpOptions, "connectTimeout" | "idleTimeout"> & {
  proxies: () => Proxies;
  /** Authorities to trust at every host, in PEM. */
  ca?: readonly string[] | undefined;
  userAgent: string;
  now: () => number;
  delay: Delay;
};

/** What goes on over a channel: "cannot <verb> <object>: ...", with which rights. */
export type ChannelPurpose = {
  verb: string;
  object: string;
  scopes: readonly string[];
  credentials: CredentialSource;
  /** The repository, or only its registry, as credentials are kept for it. */
  name: string;
};

/** Opens channels to hosts; the connections of hosts with the same settings are shared, and kept until it is disposed of. */
export interface Channels extends Disposable {
  open(host: Host, purpose: ChannelPurpose): Channel;
}

export function createChannels({
  ca = [],
  userAgent,
  now,
  delay,
  proxies,
  ...http
}: ChannelsOptions): Channels {
  const clients = new Map<string, HttpClient>();
  let onTheWay: Proxies | undefined;
  const clientFor = ({ api, tls, connectTimeout = http.connectTimeout }: Host): HttpClient => {
    const isUsual = tls.verify && tls.client === undefined;
    const host = isUsual ? undefined : api.host;
    const key = JSON.stringify([tls, connectTimeout, host]);
    const trusted = { ...tls, ca: [...ca, ...tls.ca] };
    onTheWay ??= proxies();
    const settings = { ...http, connectTimeout, host, tls: trusted, proxies: onTheWay };
    const client = clients.get(key) ?? createHttpClient(settings);
    clients.set(key, client);
    return client;
  };
  return {
    open(host, { verb, object, scopes, credentials, name }) {
      const client = clientFor(host);
      const origin = new URL(host.api.origin);
      const authorizer = createAuthorizer({ http: client, origin, name, scopes, credentials, now });
      const purpose = { verb, object, registry: host.api.host };
      const { headers } = host;
      return {
        http: client,
        authorizer,
        origin,
        purpose,
        now,
        delay,
        headers: { "user-agent": userAgent, ...headers },
      };
    },
    [Symbol.dispose]() {
      for (const client of clients.values()) client[Symbol.dispose]();
    },
  };
}

/** Address of a repository at a host, ending in a slash. */
export function repositoryAddress({ api, path }: Host): URL {
  return new URL(`${path}/`, api);
}
