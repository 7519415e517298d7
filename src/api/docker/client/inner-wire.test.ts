import assert from "node:assert/strict";
import { test } from "node:test";
import type { InnerAnswer, InnerCall } from "../../../specs/docker-api/index.ts";
import { connect } from "./connect.ts";

/** A client of a door that answers with what a function makes of a call. */
function answering(door: (call: InnerCall) => Promise<InnerAnswer>) {
  return connect({ door });
}

const text = (status: number, body: string): InnerAnswer => ({
  kind: "text",
  status,
  headers: {},
  text: body,
});

async function drain(body: InnerCall["body"]): Promise<string> {
  if (typeof body === "string") return body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test("what breaks the source of an upload is what the caller hears of, whatever the door says", async () => {
  const client = answering(async ({ body }) =>
    drain(body).then(
      () => text(200, ""),
      (error: unknown) => text(500, JSON.stringify({ message: `cannot read: ${String(error)}` })),
    ),
  );
  const failure = new Error("disk on fire");
  const broken = (async function* () {
    yield Buffer.from("half");
    throw failure;
  })();
  await assert.rejects(client.files.write("web", "/", broken), (error) => error === failure);
  const whole = (async function* () {
    yield Buffer.from("all");
  })();
  await client.files.write("web", "/", whole);
});

test("a door gets method, target, headers and body as over HTTP", async () => {
  const seen: unknown[] = [];
  const client = answering(async ({ method, target, headers, body }) => {
    seen.push([method, target, headers, await drain(body)]);
    return text(200, '{"Id":"x"}');
  });
  await client.containers.create({ Image: "box" }, { name: "web" });
  await client.images.remove("docker.io/x/y:1", { noPrune: true });
  assert.deepEqual(seen, [
    ["POST", "/v1.55/containers/create?name=web", {}, '{"Image":"box"}'],
    ["DELETE", "/v1.55/images/docker.io/x/y%3A1?noprune=1", {}, ""],
  ]);
});

test("a body that ends too early is a lost connection, and nobody has to read it", async () => {
  const client = answering(async () => ({
    kind: "pieces",
    status: 200,
    headers: { "content-type": "application/json" },
    pieces: (async function* () {
      yield '{"Id":';
      throw new Error("cut");
    })(),
  }));
  await assert.rejects(client.containers.inspect("web"), { code: "CLIENT_BROKEN" });
  await client.containers.start("web");
});

test("a source is left when the door refuses what it was for, read or not", async () => {
  for (const reads of [false, true]) {
    const left = Promise.withResolvers<void>();
    const client = answering(async ({ body }) => {
      if (reads && typeof body !== "string") await body[Symbol.asyncIterator]().next();
      return text(404, '{"message":"No such container: web"}');
    });
    const endless = (async function* () {
      try {
        for (;;) yield Buffer.from("more");
      } finally {
        left.resolve();
      }
    })();
    await assert.rejects(client.files.write("web", "/", endless), /^TugError: No such container: web$/);
    await left.promise;
  }
});
