import assert from "node:assert/strict";
import { rename } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { test } from "node:test";
import { connect } from "./connect.ts";
import { startScriptedServer } from "./testing/scripted-server.ts";

/** A server that hangs up on the first requests, and what it was asked for. */
async function losing(losses: number, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen: string[] = [];
  const server = await startScriptedServer({
    request(request, response) {
      seen.push(`${request.method} ${request.url?.replace(/^\/v[0-9.]+/, "")}`);
      if (seen.length <= losses) request.socket.destroy();
      else answer(request, response);
    },
  });
  return { server, seen, client: connect(server) };
}

test("what asks or may be said twice is sent again when the engine ends before it answers", async () => {
  const { server, seen, client } = await losing(2, (_, response) => response.end("{}"));
  await using _server = server;
  await client.system.info();
  assert.deepEqual(seen, ["GET /info", "GET /info", "GET /info"]);
});

test("what would be done twice is not", async () => {
  const { server, seen, client } = await losing(1, (_, response) => response.writeHead(204).end());
  await using _server = server;
  await assert.rejects(client.containers.start("web"), { code: "CLIENT_BROKEN" });
  assert.deepEqual(seen, ["POST /containers/web/start"]);
  await client.containers.start("web");
  assert.equal(seen.length, 2);
});

test("an engine that ends each time is not asked for ever", async () => {
  const { server, seen, client } = await losing(1000, () => undefined);
  await using _server = server;
  await assert.rejects(client.system.info(), { code: "CLIENT_BROKEN" });
  assert.equal(seen.length, 10);
});

test("a wait goes on with the next engine, for what was waited for", async () => {
  for (const [status, condition] of [
    ["created", "next-exit"],
    ["exited", "not-running"],
  ]) {
    const asked: string[] = [];
    await using server = await startScriptedServer({
      request({ url = "" }, response) {
        if (url.endsWith("/json")) return void response.end(JSON.stringify({ State: { Status: status } }));
        asked.push(new URL(url, "http://x").searchParams.get("condition") ?? "");
        response.writeHead(200).flushHeaders();
        if (asked.length === 1) response.destroy();
        else response.end('{"StatusCode":7}');
      },
    });
    const { ended } = await connect(server).containers.wait("job", "next-exit");
    assert.equal((await ended).StatusCode, 7);
    assert.deepEqual(asked, ["next-exit", condition]);
  }
});

test("an engine that is not there is made to be there, and every request is sent to it", async () => {
  await using server = await startScriptedServer({
    request: (_, response) => void response.writeHead(204).end(),
  });
  const away = `${server.socket}.away`;
  await rename(server.socket, away);
  let revived = 0;
  const revive = async (): Promise<void> => {
    revived += 1;
    if (revived === 2) await rename(away, server.socket);
  };
  await connect({ socket: server.socket, revive }).containers.start("web");
  assert.equal(revived, 2);
  await rename(server.socket, away);
  const none = async (): Promise<void> => {
    throw new Error("none can be had");
  };
  await assert.rejects(connect({ socket: server.socket, revive: none }).system.info(), /none can be had/);
  await rename(away, server.socket);
});
