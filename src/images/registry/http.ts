import http from "node:http";
import https from "node:https";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { exchange, type HttpRequest, type HttpResponse, withCode } from "./http-exchange.ts";

export type { HttpBody, HttpRequest, HttpResponse } from "./http-exchange.ts";

export interface HttpClient extends Disposable {
  send(request: HttpRequest): Promise<HttpResponse>;
}

export type HttpOptions = {
  /** Milliseconds after which a connection that is not there has failed, the TLS handshake included. */
  connectTimeout?: number;
  /** Milliseconds without any byte in either direction after which an exchange has failed. */
  idleTimeout?: number;
  /** Certificates, in PEM, of authorities to trust besides Node's and the machine's. */
  ca?: readonly string[];
};

const maxRedirects = 10;

/**
 * A client that keeps connections and follows redirects: all of GET and HEAD, and of the others those that keep the
 * method. A form is not sent a second time: it may hold a password.
 *
 * A redirect to another host, port or scheme loses the Authorization header, and one from https to http is refused.
 * @throws system errors of the connection as they are, `ERR_CONNECT_TIMEOUT`, `ETIMEDOUT` for silence, `ERR_REDIRECT`
 */
export function createHttpClient(options: HttpOptions = {}): HttpClient {
  const plain = new http.Agent({ keepAlive: true });
  let secure: https.Agent | undefined;
  const { connectTimeout = 15_000, idleTimeout = 60_000 } = options;
  const secureAgent = () => {
    secure ??= new https.Agent({ keepAlive: true, secureContext: trust(options.ca ?? []) });
    return secure;
  };
  const send = (request: HttpRequest) => {
    const agent = request.url.protocol === "https:" ? secureAgent() : plain;
    return exchange(request, { agent, connectTimeout, idleTimeout });
  };
  return {
    async send(request) {
      let current = request;
      for (let redirects = 0; ; redirects += 1) {
        const response = await send(current);
        const location = redirectOf(current, response);
        if (location === undefined) return response;
        response.body.destroy();
        if (redirects === maxRedirects) throw redirectError(`more than ${maxRedirects} redirects`);
        current = redirected(current, location);
      }
    },
    [Symbol.dispose]() {
      plain.destroy();
      secure?.destroy();
    },
  };
}

/** Node's own authorities, those of the machine, and further ones: as other tools on the machine trust. */
function trust(further: readonly string[]): SecureContext {
  return createSecureContext({
    ca: [...getCACertificates("default"), ...getCACertificates("system"), ...further],
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
    Object.entries(request.headers).filter(([name]) => name.toLowerCase() !== "authorization"),
  );
  return { ...request, url, headers };
}

function redirectError(message: string): Error {
  return withCode(message, "ERR_REDIRECT");
}
