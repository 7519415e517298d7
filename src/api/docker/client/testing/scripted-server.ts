import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";

/** An HTTP server on a socket in a temporary directory that does what a test says. */
export type ScriptedServer = AsyncDisposable & { readonly socket: string };

export type Script = {
  request?(request: IncomingMessage, response: ServerResponse): void;
  upgrade?(request: IncomingMessage, socket: Duplex): void;
};

export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const directory = await mkdtemp(join(tmpdir(), "tug-client-"));
  const socket = join(directory, "engine.sock");
  const server = createServer((request, response) => script.request?.(request, response));
  const upgraded = new Set<Duplex>();
  if (script.upgrade !== undefined) {
    server.on("upgrade", (request, connection) => {
      upgraded.add(connection);
      script.upgrade?.(request, connection);
    });
  }
  server.listen(socket);
  await once(server, "listening");
  return {
    socket,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      for (const connection of upgraded) connection.destroy();
      await closed;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
