import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { silentLogger } from "../../../base/index.ts";
import type { dockerApi } from "../../../specs/index.ts";
import { createDockerDoor, type DockerPorts } from "../door.ts";

/** A door that listens on a socket in a temporary directory until it is disposed of. */
export type OpenDoor = AsyncDisposable & {
  readonly socketPath: string;
  /** The same door without a socket. */
  readonly inner: dockerApi.InnerDoor;
  /** Sends a request and reads the whole answer. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** Sends a request and gives the answer as soon as its headers are there. */
  begin(method: string, path: string, options?: CallOptions): Promise<IncomingMessage>;
  /** A connection of one's own, for requests that HTTP libraries do not make. */
  dial(): Promise<Socket>;
};

export type CallOptions = { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };

export type Reply = {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  /** The body as JSON. */
  json(): unknown;
};

export async function openDoor(
  ports: DockerPorts,
  make: typeof createDockerDoor = createDockerDoor,
): Promise<OpenDoor> {
  const directory = await mkdtemp(join(tmpdir(), "tug-door-"));
  const socketPath = join(directory, "docker.sock");
  const door = make(ports, { logger: silentLogger, version: "0.0.0" });
  door.server.listen(socketPath);
  await once(door.server, "listening");

  const begin: OpenDoor["begin"] = async (method, path, options = {}) => {
    const { body, headers } = options;
    const isJson = body !== undefined && typeof body !== "string" && !Buffer.isBuffer(body);
    const request = httpRequest({
      socketPath,
      method,
      path,
      agent: false,
      // A server that may close early takes the answer with it when it has not read the whole body.
      headers: {
        Connection: "keep-alive",
        ...(isJson ? { "Content-Type": "application/json" } : {}),
        ...headers,
      },
    } as RequestOptions);
    request.end(isJson ? JSON.stringify(body) : body);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return response;
  };
  return {
    socketPath,
    inner: door.inner,
    begin,
    async call(method, path, options) {
      const response = await begin(method, path, options);
      const connection = response.socket;
      const text = await readAll(response);
      connection.destroy();
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        json: () => JSON.parse(text),
      };
    },
    async dial() {
      const socket = connect({ path: socketPath, allowHalfOpen: true });
      await once(socket, "connect");
      return socket;
    },
    async [Symbol.asyncDispose]() {
      await door.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Everything that a stream still has, as text. */
export async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
