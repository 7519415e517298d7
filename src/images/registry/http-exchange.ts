import http, { type ClientRequest, type IncomingMessage } from "node:http";
import https from "node:https";
import { drained } from "../../base/index.ts";

/** One exchange with a server. */
export type HttpRequest = {
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string | HttpBody | undefined;
  signal?: AbortSignal | undefined;
};

/** A body of a known length that is read while it is sent, and again when it must be sent again. */
export type HttpBody = { readonly length: number; read(): AsyncIterable<Uint8Array> };

/** What a server answered. The body must be read to its end or destroyed. */
export type HttpResponse = {
  status: number;
  header(name: string): string | undefined;
  body: IncomingMessage;
  /** Where the answer came from after redirects. */
  url: URL;
};

/** How an exchange goes over the wire. Times are in milliseconds. */
export type Wire = { agent: http.Agent; connectTimeout: number; idleTimeout: number };

/**
 * Sends one request. Resolves when the headers of the answer are there, which may be before all of the body was sent:
 * the rest then stays unsent.
 *
 * @throws system errors of the connection as they are, `ERR_CONNECT_TIMEOUT`, `ETIMEDOUT` for silence, and whatever
 *   reading the body throws
 */
export function exchange(request: HttpRequest, wire: Wire): Promise<HttpResponse> {
  const { method, url, body, signal } = request;
  const module = url.protocol === "https:" ? https : http;
  const headers =
    typeof body === "object" ? { ...request.headers, "content-length": body.length } : request.headers;
  return new Promise((resolve, reject) => {
    const outgoing = module.request(url, { method, headers, agent: wire.agent, ...(signal && { signal }) });
    let incoming: IncomingMessage | undefined;
    watchTime(outgoing, wire, () => incoming);
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      incoming = response;
      const header = (name: string) => {
        const value = response.headers[name];
        return Array.isArray(value) ? value.join(", ") : value;
      };
      resolve({ status: response.statusCode ?? 0, header, body: response, url });
    });
    if (typeof body !== "object") outgoing.end(body);
    else void sendBody(outgoing, body, () => incoming);
  });
}

function watchTime(
  outgoing: ClientRequest,
  { connectTimeout, idleTimeout }: Wire,
  answer: () => IncomingMessage | undefined,
): void {
  outgoing.setTimeout(idleTimeout, () => {
    const incoming = answer();
    // Bytes that wait here for a slow reader are not the server's silence.
    if (incoming !== undefined && (incoming.readableLength > 0 || incoming.isPaused())) return;
    (incoming ?? outgoing).destroy(withCode(`no answer for ${idleTimeout} ms`, "ETIMEDOUT"));
  });
  outgoing.once("socket", (socket) => {
    if (!socket.connecting) return;
    const giveUp = () =>
      outgoing.destroy(withCode(`no connection after ${connectTimeout} ms`, "ERR_CONNECT_TIMEOUT"));
    const timer = setTimeout(giveUp, connectTimeout);
    socket.once("encrypted" in socket ? "secureConnect" : "connect", () => clearTimeout(timer));
    socket.once("close", () => clearTimeout(timer));
  });
}

/** A server that answers early, as with a refusal, does not want the rest. Such a connection is of no more use. */
async function sendBody(
  outgoing: ClientRequest,
  body: HttpBody,
  answer: () => IncomingMessage | undefined,
): Promise<void> {
  try {
    for await (const chunk of body.read()) {
      if (outgoing.destroyed || answer() !== undefined) break;
      if (!outgoing.write(chunk)) await Promise.race([drained(outgoing), answered(outgoing)]);
    }
    const early = answer();
    if (early === undefined) outgoing.end();
    else early.once("end", () => outgoing.destroy()).once("close", () => outgoing.destroy());
  } catch (error) {
    outgoing.destroy(error as Error);
  }
}

function answered(outgoing: ClientRequest): Promise<unknown> {
  return new Promise((resolve) => outgoing.once("response", resolve));
}

/** An error like those of the system. */
export function withCode(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}
