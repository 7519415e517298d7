import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";

/** One exchange with a server. */
export type HttpRequest = {
  method: "GET" | "HEAD" | "POST";
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string;
  signal?: AbortSignal | undefined;
};

/** What a server answered. The body must be read to its end or destroyed. */
export type HttpResponse = {
  status: number;
  header(name: string): string | undefined;
  body: IncomingMessage;
  /** Where the answer came from after redirects. */
  url: URL;
};

export interface HttpClient extends Disposable {
  send(request: HttpRequest): Promise<HttpResponse>;
}

export type HttpOptions = {
  /** Milliseconds after which a connection that is not there has failed, the TLS handshake included. */
  connectTimeout?: number;
  /** Milliseconds without any byte from the server after which an exchange has failed. */
  idleTimeout?: number;
  /** Certificates, in PEM, of authorities to trust besides Node's and the machine's. */
  ca?: readonly string[];
};

const maxRedirects = 10;

/**
 * A client that keeps connections and follows redirects of GET and HEAD.
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
  const exchange = (request: HttpRequest) => {
    const agent = request.url.protocol === "https:" ? secureAgent() : plain;
    return sendOnce(request, { agent, connectTimeout, idleTimeout });
  };
  return {
    async send(request) {
      let current = request;
      for (let redirects = 0; ; redirects += 1) {
        const response = await exchange(current);
        const location = redirectOf(response);
        if (location === undefined || request.method === "POST") return response;
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

function redirectOf({ status, header }: HttpResponse): string | undefined {
  return [301, 302, 303, 307, 308].includes(status) ? header("location") : undefined;
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

function withCode(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

type Wire = { agent: http.Agent; connectTimeout: number; idleTimeout: number };

function sendOnce(request: HttpRequest, { agent, connectTimeout, idleTimeout }: Wire): Promise<HttpResponse> {
  const { method, url, headers, body, signal } = request;
  const module = url.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = module.request(url, { method, headers, agent, ...(signal && { signal }) });
    let incoming: IncomingMessage | undefined;
    outgoing.setTimeout(idleTimeout, () => {
      // Bytes that wait here for a slow reader are not the server's silence.
      if (incoming !== undefined && (incoming.readableLength > 0 || incoming.isPaused())) return;
      (incoming ?? outgoing).destroy(withCode(`no answer for ${idleTimeout} ms`, "ETIMEDOUT"));
    });
    outgoing.once("socket", (socket) => {
      if (!socket.connecting) return;
      const giveUp = () =>
        outgoing.destroy(withCode(`no connection after ${connectTimeout} ms`, "ERR_CONNECT_TIMEOUT"));
      const timer = setTimeout(giveUp, connectTimeout);
      socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => clearTimeout(timer));
      socket.once("close", () => clearTimeout(timer));
    });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      incoming = response;
      const header = (name: string) => {
        const value = response.headers[name];
        return Array.isArray(value) ? value.join(", ") : value;
      };
      resolve({ status: response.statusCode ?? 0, header, body: response, url });
    });
    outgoing.end(body);
  });
}
