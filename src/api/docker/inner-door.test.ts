import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger, TugError } from "../../base/index.ts";
import type { dockerApi } from "../../specs/index.ts";
import type { Answer } from "./answer.ts";
import { createDoor } from "./server.ts";
import { createFakeEngine } from "./testing/fake-engine.ts";
import { openDoor } from "./testing/open-door.ts";

type Asked = { readonly method: string; readonly target: string; readonly body?: string };

const calls: readonly Asked[] = [
  { method: "GET", target: "/v1.55/images/json" },
  { method: "GET", target: "/version" },
  { method: "GET", target: "/_ping" },
  { method: "GET", target: "/v1.55/containers/json?all=1" },
  { method: "POST", target: "/v1.55/containers/create?name=web", body: '{"Image":"busybox"}' },
  { method: "POST", target: "/v1.55/containers/create?name=web", body: '{"Image":"busybox"}' },
  { method: "POST", target: "/v1.55/containers/create", body: '{"Image":"absent"}' },
  { method: "POST", target: "/v1.55/containers/create", body: "{" },
  { method: "GET", target: "/v1.55/containers/absent/json" },
  { method: "GET", target: "/v9.99/info" },
  { method: "GET", target: "/nowhere" },
  { method: "DELETE", target: "/v1.55/containers/absent" },
];

async function textOf(answer: dockerApi.InnerAnswer): Promise<string> {
  if (answer.kind === "text") return answer.text;
  assert.equal(answer.kind, "pieces");
  const parts: string[] = [];
  if (answer.kind === "pieces") for await (const piece of answer.pieces) parts.push(String(piece));
  return parts.join("");
}

test("a call from this process is answered as the same request over HTTP", async () => {
  await using http = await openDoor(createFakeEngine().ports);
  await using inner = await openDoor(createFakeEngine().ports);
  for (const { method, target, body } of calls) {
    const headers = { "Content-Type": "application/json" };
    const reply = await http.call(method, target, body === undefined ? {} : { body, headers });
    const answer = await inner.inner({ method, target, headers: {}, body: body ?? "", signal: undefined });
    assert.ok(answer.kind !== "connection");
    const type = (it: Readonly<Record<string, unknown>>) => String(it["content-type"] ?? "");
    assert.deepEqual(
      [answer.status, type(answer.headers), answer.headers.server, (await textOf(answer)).trim()],
      [reply.status, type(reply.headers), reply.headers.server, reply.text.trim()],
      `${method} ${target}`,
    );
  }
});

/** A door with one stream, which tells how it was left. */
function streaming(pieces: (signal: AbortSignal) => AsyncIterable<string>) {
  const handler = async ({ signal }: { signal: AbortSignal }): Promise<Answer> => ({
    kind: "stream",
    type: "text/plain",
    pieces: pieces(signal),
  });
  const routes = [{ method: "GET", path: "/stream", access: "owner", since: 24, handler } as const];
  const door = createDoor({ routes, logger: silentLogger, version: "0.0.0" });
  return {
    door,
    async open(signal?: AbortSignal) {
      const call = { method: "GET", target: "/stream", headers: {}, body: "", signal };
      const answer = await door.inner(call);
      assert.ok(answer.kind === "pieces");
      return answer.pieces[Symbol.asyncIterator]();
    },
  };
}

test("a stream that is left ends at its source, also while the source waits", async () => {
  let left = false;
  const { open } = streaming(async function* (signal) {
    try {
      yield "first";
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    } finally {
      left = true;
    }
  });
  const iterator = await open();
  assert.equal((await iterator.next()).value, "first");
  const waiting = iterator.next();
  waiting.catch(() => undefined);
  await iterator.return?.();
  await assert.rejects(waiting, /nobody waits for the answer/);
  assert.ok(left);
});

test("a stream that nobody reads any more ends with the caller's signal, and with the door", async () => {
  for (const way of ["signal", "door"] as const) {
    const ended = Promise.withResolvers<void>();
    const { door, open } = streaming(async function* () {
      try {
        for (;;) yield "piece";
      } finally {
        ended.resolve();
      }
    });
    const stop = new AbortController();
    await (await open(stop.signal)).next();
    if (way === "signal") stop.abort();
    else await door.close().catch(() => undefined);
    await ended.promise;
  }
});

test("a failure before the first piece is the answer's, with kind and code", async () => {
  const handler = () => Promise.reject(new TugError("conflict", "X_TAKEN", "cannot: it is taken"));
  const routes = [{ method: "POST", path: "/x", access: "owner", since: 24, handler } as const];
  const { inner } = createDoor({ routes, logger: silentLogger, version: "0.0.0" });
  const answer = await inner({ method: "POST", target: "/x", headers: {}, body: "", signal: undefined });
  assert.ok(answer.kind === "text");
  const { message, tug } = JSON.parse(answer.text);
  assert.deepEqual([answer.status, message, tug.code], [409, "cannot: it is taken", "X_TAKEN"]);
});
