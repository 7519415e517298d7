import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { test } from "node:test";
import { TugError } from "../../../base/index.ts";
import * as dockerApi from "../../../specs/docker-api/index.ts";
import { connect } from "./connect.ts";
import { startScriptedServer } from "./testing/scripted-server.ts";

/** A server that answers every request alike, and the paths that were asked for. */
async function answering(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen: string[] = [];
  const server = await startScriptedServer({
    request(request, response) {
      seen.push(`${request.method} ${request.url}`);
      answer(request, response);
    },
  });
  return { server, seen, client: connect(server) };
}

function hasKind(kind: string, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof TugError, String(error));
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    return true;
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("calls become requests of the newest version", async () => {
  const { server, seen, client } = await answering((_, response) => response.end("[]"));
  await using _server = server;
  await client.containers.list({ all: true, filters: new Map([["status", ["running"]]]) });
  await client.containers.stop("web", { timeoutSeconds: 5 });
  await client.containers.remove("a/b", { force: true, volumes: true });
  await client.images.tag("docker.io/x/y", "localhost:5000/z:1");
  await client.images.remove("docker.io/x/y:1", { noPrune: true });
  assert.deepEqual(seen, [
    "GET /v1.55/containers/json?all=1&filters=%7B%22status%22%3A%5B%22running%22%5D%7D",
    "POST /v1.55/containers/web/stop?t=5",
    "DELETE /v1.55/containers/a%2Fb?force=1&v=1",
    "POST /v1.55/images/docker.io/x/y/tag?repo=localhost%3A5000%2Fz&tag=1",
    "DELETE /v1.55/images/docker.io/x/y%3A1?noprune=1",
  ]);
});

test("an answer that reports a failure becomes an error with kind, code, hint and details", async () => {
  const tug = { kind: "exhausted", code: "STORE_FULL", hint: "make room", details: { path: "/var" } };
  const { server, client } = await answering((_, response) => {
    response.writeHead(507).end(JSON.stringify({ message: "no room", tug }));
  });
  await using _server = server;
  await assert.rejects(client.system.info(), (error) => {
    assert.ok(error instanceof TugError);
    assert.deepEqual(
      [error.kind, error.code, error.message, error.hint, error.details],
      ["exhausted", "STORE_FULL", "no room", "make room", { path: "/var" }],
    );
    return true;
  });
});

test("failures of engines that know nothing of tug have a kind by status", async () => {
  const { server, client } = await answering((request, response) => {
    if (request.url?.endsWith("/start")) response.writeHead(304).end();
    else if (request.url?.includes("absent"))
      response.writeHead(404).end('{"message":"No such container: absent"}');
    else response.writeHead(502).end("bad gateway");
  });
  await using _server = server;
  await assert.rejects(
    client.containers.inspect("absent"),
    hasKind("notFound", /^No such container: absent$/),
  );
  await assert.rejects(client.system.info(), hasKind("internal", /^bad gateway$/));
  assert.equal(await client.containers.start("web"), false);
});

test("an engine that is not there is said in one sentence", async () => {
  const client = connect({ socket: "/nonexistent/tug.sock" });
  const message = /^cannot connect to the engine at \/nonexistent\/tug.sock: nothing listens there$/;
  await assert.rejects(client.system.ping(), hasKind("unavailable", message));
  await assert.rejects(client.containers.attach("web"), hasKind("unavailable", message));
});

test("an answer that is no JSON, or ends too early, is an error", async () => {
  const { server, client } = await answering((request, response) => {
    if (request.url?.endsWith("/info")) response.end("<html>");
    else response.write('{"Id":', () => response.destroy());
  });
  await using _server = server;
  await assert.rejects(client.system.info(), hasKind("internal", /it is not JSON$/));
  await assert.rejects(client.containers.inspect("web"), hasKind("unavailable", /^lost the connection/));
});

test("progress comes line by line, however it is cut, and ends with the failure it reports", async () => {
  const failure = {
    errorDetail: { message: "wrong digest" },
    tug: { kind: "dataLoss", code: "IMAGE_DIGEST" },
  };
  const { server, client } = await answering((_, response) => {
    const text = `${JSON.stringify({ status: "é" })}\r\n${JSON.stringify({ status: "b" })}\n${JSON.stringify(failure)}`;
    for (const byte of Buffer.from(text)) response.write(Buffer.from([byte]));
    response.end();
  });
  await using _server = server;
  const seen: string[] = [];
  const pull = async () => {
    for await (const { status } of client.images.pull("debian")) seen.push(status ?? "");
  };
  await assert.rejects(pull(), hasKind("dataLoss", /^wrong digest$/));
  assert.deepEqual(seen, ["é", "b"]);
});

test("an upload that the engine refuses ends with the engine's reason", async () => {
  const { server, client } = await answering((request, response) => {
    request.once("data", () => response.writeHead(400).end('{"message":"no archive"}'));
  });
  await using _server = server;
  let sent = 0;
  const endless = (async function* () {
    for (;;) {
      sent += 1;
      yield Buffer.alloc(65_536);
    }
  })();
  await assert.rejects(collect(client.images.load(endless)), hasKind("invalid", /^no archive$/));
  assert.ok(sent < 10_000);
});

test("what breaks the source of an upload is what the caller hears of", async () => {
  const { server, client } = await answering(() => {});
  await using _server = server;
  const broken = (async function* () {
    yield Buffer.from("x");
    throw new Error("disk on fire");
  })();
  await assert.rejects(collect(client.images.load(broken)), /disk on fire/);
});

test("a call can be aborted before and during its answer", async () => {
  const { server, client } = await answering((request, response) => {
    if (request.url?.includes("/events")) response.write('{"Type":"container"}\n');
  });
  await using _server = server;
  await assert.rejects(client.system.info({ signal: AbortSignal.abort() }), hasKind("canceled", /canceled/));
  const stop = new AbortController();
  const watch = async () => {
    for await (const _ of client.system.events({ signal: stop.signal })) stop.abort();
  };
  await assert.rejects(watch(), hasKind("canceled", /canceled/));
});

test("wait resolves when the waiter is registered, and again at the end", async () => {
  const held = Promise.withResolvers<ServerResponse>();
  const { server, client } = await answering((_, response) => {
    response.flushHeaders();
    held.resolve(response);
  });
  await using _server = server;
  const { ended } = await client.containers.wait("web", "next-exit");
  (await held.promise).end('{"StatusCode":7}');
  assert.deepEqual(await ended, { StatusCode: 7 });
});

test("an attachment has framed outputs, takes input and closes its halves one by one", async () => {
  const input: string[] = [];
  await using server = await startScriptedServer({
    upgrade(_, socket) {
      const type = `Content-Type: ${dockerApi.mediaTypes.multiplexedStream}`;
      const early = Buffer.concat([dockerApi.encodeFrameHeader("stdout", 5), Buffer.from("early")]);
      socket.write(`HTTP/1.1 101 UPGRADED\r\n${type}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`);
      socket.write(early);
      socket.on("data", (data) => input.push(String(data)));
      socket.on("end", () =>
        socket.end(Buffer.concat([dockerApi.encodeFrameHeader("stderr", 4), Buffer.from("late")])),
      );
    },
  });
  const streams = await connect(server).containers.attach("web", { stdin: true });
  streams.stdin.write("hello ");
  streams.stdin.write("there");
  streams.closeWrite();
  const output = (await collect(streams.output)).map(({ stream, data }) => [
    stream,
    Buffer.from(data).toString(),
  ]);
  assert.deepEqual(output, [
    ["stdout", "early"],
    ["stderr", "late"],
  ]);
  assert.equal(input.join(""), "hello there");
});

test("an attachment that is refused has the engine's reason", async () => {
  const { server, client } = await answering((_, response) => {
    response.writeHead(409).end('{"message":"is paused"}');
  });
  await using _server = server;
  await assert.rejects(client.containers.attach("web"), hasKind("conflict", /^is paused$/));
});

test("output that ends with its engine is told from output that has ended", async () => {
  for (const [next, expected] of [
    ["first", undefined],
    ["second", hasKind("unavailable", /^lost the connection to the engine: the output ended too early$/)],
    [undefined, hasKind("unavailable", /too early/)],
  ] as const) {
    const asked: unknown[] = [];
    await using server = await startScriptedServer({
      upgrade: (_, socket) =>
        void socket.end(
          "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nTug-Engine: first\r\n\r\nhi",
        ),
      request(request, response) {
        asked.push(request.url);
        if (next === undefined) response.destroy();
        else response.setHeader("Tug-Engine", next).end();
      },
    });
    const { output } = await connect(server).containers.attach("web");
    const read = collect(output);
    if (expected === undefined) assert.equal(String((await read)[0]?.data), "hi");
    else await assert.rejects(read, expected);
    assert.match(String(asked[0]), /_ping$/);
  }
});

test("aborting ends an attachment", async () => {
  await using server = await startScriptedServer({
    upgrade: (_, socket) =>
      void socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"),
  });
  const stop = new AbortController();
  const streams = await connect(server).containers.attach("web", { signal: stop.signal });
  setImmediate(() => stop.abort());
  await assert.rejects(collect(streams.output), hasKind("canceled", /canceled/));
});
