import http from "node:http";
import https from "node:https";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { type TlsSettings, usualTls } from "./hosts/host.ts";
import { exchange, type HttpRequest, type HttpResponse, withCode } from "./http-exchange.ts";
import { isDirect, type Proxies } from "./proxies.ts";

export type { HttpBody, HttpRequest, HttpResponse } from "./http-exchange.ts";

export interface HttpClient extends Disposable {
  send(request: HttpRequest): Promise<HttpResponse>;
}

export type HttpOptions = {
  /** Milliseconds after which a connection that is not there has failed, the TLS handshake included. */
  connectTimeout?: number | undefined;
  /** Milliseconds without any byte in either direction after which an exchange has failed. */
  idleTimeout?: number | undefined;
  tls?: TlsSettings;
  /** The host that may see the client's certificate, and need not prove who it is where `tls` says so. */
  host?: string | undefined;
  proxies?: Proxies;
};

const maxRedirects = 10;
/** Headers that any host may see; all others may prove who asks. */
const harmless = [
  "accept",
  "accept-encoding",
  "content-length",
  "content-range",
  "content-type",
  "range",
  "user-agent",
];
/** So many connections to one host at a time; what is more waits. */
const maxConnections = 16;

/**
 * A client that keeps connections and follows redirects: all of GET and HEAD, and of the others those that keep the
 * method. A form is not sent a second time: it may hold a password.
 *
 * A redirect to another host, port or scheme loses the headers that may prove who asks, and one from https to http is refused.
 * @throws system errors of the connection as they are, `ERR_CONNECT_TIMEOUT`, `ETIMEDOUT` for silence, `ERR_REDIRECT`
 */
export function createHttpClient(options: HttpOptions = {}): HttpClient {
  const { connectTimeout = 15_000, idleTimeout = 60_000 } = options;
  const agents = createAgents(options);
  return {
    async send(request) {
      let current = request;
      for (let redirects = 0; ; redirects += 1) {
        const agent = agents.agentFor(current.url);
        const response = await exchange(current, { agent, connectTimeout, idleTimeout });
        const location = redirectOf(current, response);
        if (location === undefined) return response;
        response.body.destroy();
        if (redirects === maxRedirects) throw redirectError(`more than ${maxRedirects} redirects`);
        current = redirected(current, location);
      }
    },
    [Symbol.dispose]: () => agents.destroy(),
  };
}

/** Keeps the connections, apart by how they are made. */
function createAgents({ tls = usualTls, host, proxies = {} }: HttpOptions) {
  const agents = new Map<string, http.Agent>();
  const make = (isSecure: boolean, isOwn: boolean, direct: boolean): http.Agent => {
    const usual = {
      keepAlive: true,
      maxSockets: maxConnections,
      ...(!direct && { proxyEnv: { ...proxies } }),
    };
    if (!isSecure) return new http.Agent(usual);
    const verify = tls.verify || !isOwn;
    return new https.Agent({ ...usual, secureContext: trust(tls, isOwn), rejectUnauthorized: verify });
  };
  return {
    agentFor(url: URL): http.Agent {
      const isSecure = url.protocol === "https:";
      const isOwn = host === undefined || url.host === host;
      const direct = isDirect(url) || Object.keys(proxies).length === 0;
      const key = `${isSecure} ${isOwn} ${direct}`;
      const agent = agents.get(key) ?? make(isSecure, isOwn, direct);
      agents.set(key, agent);
      return agent;
    },
    destroy() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

/** Node's own authorities, those of the machine, and further ones: as other tools on the machine trust. */
function trust({ ca, client }: TlsSettings, isOwn: boolean): SecureContext {
  return createSecureContext({
    ca: [...getCACertificates("default"), ...getCACertificates("system"), ...ca],
    ...(isOwn && client),
  });
}

function redirectOf({ method, body }: HttpRequest, { status, header }: HttpResponse): string | undefined {
  if (typeof body === "string") return undefined;
  const isReading = method === "GET" || method === "HEAD";
  const statuses = isReading ? [301, 302, 303, 307, 308] : [307, 308];
  return statuses.includes(status) ? header("location") : undefined;
}

function redirected(request: HttpRequest, location: string): HttpRequest {
  if (!URL.canParse(location, request.url.href)) throw redirectError("a redirect to what is no address");
  const url = new URL(location, request.url);
  const downgrade = request.url.protocol === "https:" && url.protocol !== "https:";
  if (downgrade || !["http:", "https:"].includes(url.protocol)) {
    throw redirectError(`a redirect from ${request.url.origin} to ${url.protocol}//${url.host}`);
  }
  if (url.origin === request.url.origin) return { ...request, url };
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => harmless.includes(name.toLowerCase())),
  );
  return { ...request, url, headers };
}

function redirectError(message: string): Error {
  return withCode(message, "ERR_REDIRECT");
}
