import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Duplex, Readable } from "node:stream";
import { drained } from "../../base/index.ts";
import type { Answer, HijackAnswer, StreamAnswer, WebSocketAnswer } from "./answer.ts";
import { statusOf } from "./http-status.ts";
import { serveHijack } from "./streams/hijack.ts";
import { errorBodyOf } from "./wording.ts";

/** Sends what a handler answered; those answers excepted that have no response of their own. */
export async function writeAnswer(
  response: ServerResponse,
  answer: Exclude<Answer, HijackAnswer | WebSocketAnswer>,
): Promise<void> {
  switch (answer.kind) {
    case "json":
      return writeJson(response, answer.status, answer.body);
    case "empty":
      response.writeHead(answer.status, answer.status === 204 ? {} : { "Content-Length": 0 });
      response.end();
      return;
    case "text":
      response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8", ...answer.headers });
      response.end(answer.text);
      return;
    case "stream":
      return writeStream(response, answer);
  }
}

/** Sends a failure. 304 has no body by definition. */
export function writeError(response: ServerResponse, error: unknown): void {
  const status = statusOf(error);
  if (status === 304) {
    response.writeHead(status);
    response.end();
  } else {
    writeJson(response, status, errorBodyOf(error));
  }
}

function writeJson(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(text);
}

async function writeStream(response: ServerResponse, answer: StreamAnswer): Promise<void> {
  response.writeHead(200, { "Content-Type": answer.type, ...answer.headers });
  // Clients start other requests only when they have seen the headers of this one.
  response.flushHeaders();
  for await (const piece of answer.pieces) {
    if (response.destroyed) return;
    if (!response.write(piece)) await drained(response);
  }
  response.end();
}

/**
 * Turns a connection that was asked for by `Upgrade: tcp` into the container's streams, and serves it to its end.
 *
 * @param upgrade.head bytes that arrived together with the request
 * @param upgrade.headers of the answer, besides those of an upgrade
 */
export async function writeUpgrade(
  socket: Duplex,
  { head, headers }: { readonly head: Uint8Array; readonly headers: OutgoingHttpHeaders },
  answer: HijackAnswer,
): Promise<void> {
  const lines = [
    "HTTP/1.1 101 UPGRADED",
    `Content-Type: ${answer.type}`,
    "Connection: Upgrade",
    "Upgrade: tcp",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  await serveHijack(socket, head, answer);
}

/** Serves a hijack for a client that did not ask to upgrade: output in the response, input in the request body. */
export async function writeHijackBody(
  request: IncomingMessage,
  response: ServerResponse,
  answer: HijackAnswer,
): Promise<void> {
  response.writeHead(200, { "Content-Type": answer.type });
  response.flushHeaders();
  // A body that was read for something else was all of the client's input.
  const readable = request.readableEnded ? Readable.from([]) : request;
  await serveHijack(Duplex.from({ readable, writable: response }), Buffer.alloc(0), answer);
}
