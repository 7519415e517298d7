import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

/** An answer of an engine: its status, its text, and that text as JSON. */
export type ApiAnswer = { readonly status: number; readonly text: string; json<T>(): T };

/** Asks at a unix socket, as any program can. */
export async function askApi(
  socketPath: string,
  [method, path]: readonly [method: string, path: string],
  body?: unknown,
): Promise<ApiAnswer> {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const asked = request({ socketPath, method, path, headers, agent: false });
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  const [answer] = await once(asked, "response");
  const read = await text(answer);
  return { status: answer.statusCode, text: read, json: () => JSON.parse(read) };
}

/** The first line of the answer to a request for the connection itself. */
export async function askUpgrade(
  socketPath: string,
  [method, path]: readonly [method: string, path: string],
): Promise<string> {
  const socket = connect(socketPath);
  socket.write(
    `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n`,
  );
  let read = "";
  for await (const chunk of socket) {
    read += chunk;
    if (read.includes("\r\n")) break;
  }
  socket.destroy();
  return read.split("\r\n")[0] ?? "";
}
