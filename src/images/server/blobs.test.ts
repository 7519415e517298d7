import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { sha256 } from "../../base/index.ts";
import { openTestImages } from "../testing/open-images.ts";
import { serveTestRegistry, sha512 } from "../testing/serve-registry.ts";

const data = Buffer.from("0123456789");
const digest = sha256(data);
const other = sha256("other");

test("end-1: the registry says that it is one", async () => {
  await using registry = await serveTestRegistry();
  for (const path of ["/v2/", "/v2"]) {
    const reply = await registry.call("GET", path);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers["docker-distribution-api-version"], "registry/2.0");
  }
  assert.equal((await registry.call("GET", "/")).status, 404);
});

test("end-2: a blob is given whole and in part, by GET and HEAD", async () => {
  await using registry = await serveTestRegistry();
  await registry.pushBlob("a/b", data);
  const path = `/v2/a/b/blobs/${digest}`;
  const whole = await registry.call("GET", path);
  assert.deepEqual([whole.status, whole.body.toString()], [200, "0123456789"]);
  assert.equal(whole.headers["docker-content-digest"], digest);
  assert.equal(whole.headers["accept-ranges"], "bytes");
  const head = await registry.call("HEAD", path);
  assert.deepEqual([head.status, head.body.length, head.headers["content-length"]], [200, 0, "10"]);
  const ranges: [string, number, string, string | undefined][] = [
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=-20", 206, "0123456789", "bytes 0-9/10"],
    ["bytes=8-99", 206, "89", "bytes 8-9/10"],
    ["bytes=1-2,4-5", 200, "0123456789", undefined],
    ["lines=1-2", 200, "0123456789", undefined],
  ];
  for (const [range, status, body, contentRange] of ranges) {
    const reply = await registry.call("GET", path, { headers: { range } });
    assert.deepEqual(
      [reply.status, reply.body.toString(), reply.headers["content-range"]],
      [status, body, contentRange],
      range,
    );
    assert.equal(reply.headers["content-length"], String(body.length), range);
  }
  for (const range of ["bytes=10-", "bytes=5-4", "bytes=-0"]) {
    const reply = await registry.call("GET", path, { headers: { range } });
    assert.deepEqual([reply.status, reply.headers["content-range"]], [416, "bytes */10"], range);
  }
});

test("end-2: what is in another repository, or nowhere, is not given", async () => {
  await using registry = await serveTestRegistry();
  await registry.pushBlob("a/b", data);
  for (const path of [`/v2/a/c/blobs/${digest}`, `/v2/a/b/blobs/${other}`]) {
    const reply = await registry.call("GET", path);
    assert.deepEqual([reply.status, reply.code], [404, "BLOB_UNKNOWN"], path);
  }
});

test("end-4b and end-10: a blob is taken in one request, and deleted", async () => {
  await using registry = await serveTestRegistry();
  const reply = await registry.call("POST", `/v2/a/b/blobs/uploads/?digest=${digest}`, { body: data });
  assert.deepEqual([reply.status, reply.headers.location], [201, `/v2/a/b/blobs/${digest}`]);
  assert.equal(reply.headers["docker-content-digest"], digest);
  const gone = await registry.call("DELETE", `/v2/a/b/blobs/${digest}`);
  assert.equal(gone.status, 202);
  assert.equal((await registry.call("GET", `/v2/a/b/blobs/${digest}`)).status, 404);
  const again = await registry.call("DELETE", `/v2/a/b/blobs/${digest}`);
  assert.deepEqual([again.status, again.code], [404, "BLOB_UNKNOWN"]);
  await registry.test.images.collectGarbage();
  assert.deepEqual((await registry.test.contents()).blobs, []);
});

test("end-4a and end-6: bytes with another digest are refused, and nothing is left of them", async () => {
  await using registry = await serveTestRegistry();
  const begun = await registry.call("POST", "/v2/a/b/blobs/uploads/");
  const location = begun.headers.location ?? "";
  const refused = await registry.call("PUT", `${location}?digest=${other}`, { body: data });
  assert.deepEqual([refused.status, refused.code], [400, "DIGEST_INVALID"]);
  assert.deepEqual([(await registry.call("GET", location)).code], ["BLOB_UPLOAD_UNKNOWN"]);
  const malformed = await registry.call("POST", "/v2/a/b/blobs/uploads/?digest=sha256:abc", { body: data });
  assert.deepEqual([malformed.status, malformed.code], [400, "DIGEST_INVALID"]);
  assert.deepEqual(await registry.test.contents(), { blobs: [], ingests: [], snapshots: [] });
});

test("end-5, end-6 and end-13: a blob is taken in pieces, which come in their order", async () => {
  await using registry = await serveTestRegistry();
  const begun = await registry.call("POST", "/v2/a/b/blobs/uploads/");
  assert.deepEqual([begun.status, begun.headers.range], [202, "0-0"]);
  const location = begun.headers.location ?? "";
  const piece = (range: string, body: Uint8Array) =>
    registry.call("PATCH", location, { body, headers: { "content-range": range } });
  const early = await piece("5-9", data.subarray(5));
  assert.deepEqual([early.status, early.headers.range, early.headers.location], [416, "0-0", location]);
  const first = await piece("0-4", data.subarray(0, 5));
  assert.deepEqual([first.status, first.headers.range, first.headers.location], [202, "0-4", location]);
  assert.equal((await piece("0-4", data.subarray(0, 5))).status, 416);
  assert.deepEqual(
    [(await piece("5-9", data.subarray(5, 7))).code, (await piece("x", data)).code],
    ["SIZE_INVALID", "BLOB_UPLOAD_INVALID"],
  );
  const state = await registry.call("GET", location);
  assert.deepEqual([state.status, state.headers.range, state.headers.location], [204, "0-4", location]);
  const last = await registry.call("PUT", `${location}?digest=${digest}`, {
    body: data.subarray(5),
    headers: { "content-range": "5-9" },
  });
  assert.deepEqual([last.status, last.headers.location], [201, `/v2/a/b/blobs/${digest}`]);
  assert.equal((await registry.call("GET", `/v2/a/b/blobs/${digest}`)).body.toString(), "0123456789");
  assert.equal((await registry.call("PATCH", location, { body: data })).code, "BLOB_UPLOAD_UNKNOWN");
});

test("end-4c: a blob may have a digest of sha512, and other algorithms are refused", async () => {
  await using registry = await serveTestRegistry();
  const begun = await registry.call("POST", "/v2/a/b/blobs/uploads/?digest-algorithm=sha512");
  const put = await registry.call("PUT", `${begun.headers.location}?digest=${sha512(data)}`, { body: data });
  assert.equal(put.status, 201);
  const reply = await registry.call("GET", `/v2/a/b/blobs/${sha512(data)}`);
  assert.deepEqual([reply.status, reply.body.toString()], [200, "0123456789"]);
  assert.equal((await registry.call("GET", `/v2/a/b/blobs/${digest}`)).status, 404);
  const unknown = await registry.call("POST", "/v2/a/b/blobs/uploads/?digest-algorithm=md5");
  assert.deepEqual([unknown.status, unknown.code], [400, "DIGEST_INVALID"]);
});

test("end-11: a blob is taken over from another repository that has it", async () => {
  await using registry = await serveTestRegistry();
  await registry.pushBlob("from/here", data);
  const mount = (query: string) => registry.call("POST", `/v2/to/there/blobs/uploads/?mount=${query}`);
  const mounted = await mount(`${digest}&from=from/here`);
  assert.deepEqual([mounted.status, mounted.headers.location], [201, `/v2/to/there/blobs/${digest}`]);
  assert.equal((await registry.call("HEAD", `/v2/to/there/blobs/${digest}`)).status, 200);
  assert.equal((await registry.call("POST", `/v2/to/other/blobs/uploads/?mount=${digest}`)).status, 201);
  for (const query of [`${digest}&from=not/there`, `${other}&from=from/here`, other, "nothing"]) {
    const reply = await mount(query);
    assert.equal(reply.status, 202, query);
    assert.match(reply.headers.location ?? "", /\/uploads\//);
  }
  assert.equal((await mount(`${digest}&from=../x`)).code, "NAME_INVALID");
});

test("end-14: an upload is cancelled", async () => {
  await using registry = await serveTestRegistry();
  const { headers } = await registry.call("POST", "/v2/a/b/blobs/uploads/");
  await registry.call("PATCH", headers.location ?? "", { body: data });
  assert.equal((await registry.test.contents()).ingests.length, 1);
  assert.equal((await registry.call("DELETE", headers.location ?? "")).status, 204);
  assert.deepEqual((await registry.test.contents()).ingests, []);
  assert.equal((await registry.call("DELETE", headers.location ?? "")).code, "BLOB_UPLOAD_UNKNOWN");
});

test("an upload belongs to its repository", async () => {
  await using registry = await serveTestRegistry();
  const { headers } = await registry.call("POST", "/v2/a/b/blobs/uploads/");
  const elsewhere = (headers.location ?? "").replace("/a/b/", "/a/c/");
  assert.equal((await registry.call("PATCH", elsewhere, { body: data })).code, "BLOB_UPLOAD_UNKNOWN");
});

test("what a client sent before it went away can be gone on with", async () => {
  await using registry = await serveTestRegistry();
  const { headers } = await registry.call("POST", "/v2/a/b/blobs/uploads/");
  const socket = connect(registry.port, "127.0.0.1");
  socket.write(
    `PATCH ${headers.location} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nContent-Range: 0-9\r\n\r\n0123`,
  );
  for (let size = ""; size !== "0-3"; ) {
    const state = await registry.call("GET", headers.location ?? "");
    // Busy as long as the first request lasts.
    assert.ok([204, 409].includes(state.status));
    if (state.status === 409) socket.destroy();
    size = state.headers.range ?? "";
  }
  const rest = { body: data.subarray(4), headers: { "content-range": "4-9" } };
  assert.equal((await registry.call("PUT", `${headers.location}?digest=${digest}`, rest)).status, 201);
});

test("many clients send the same blob at once", async () => {
  await using registry = await serveTestRegistry();
  const large = Buffer.alloc(2_000_000, "x");
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, index) => registry.pushBlob(`many/n${index % 5}`, large)),
  );
  assert.deepEqual(new Set(sent), new Set([sha256(large)]));
  for (let index = 0; index < 5; index += 1) {
    const reply = await registry.call("GET", `/v2/many/n${index}/blobs/${sha256(large)}`);
    assert.ok(reply.body.equals(large));
  }
  assert.deepEqual((await registry.test.contents()).ingests, []);
});

test("uploads end with the registry, and what was sent stays", async () => {
  await using first = await serveTestRegistry({ name: "localhost:5000" });
  await first.pushBlob("a/b", data);
  const { headers } = await first.call("POST", "/v2/a/b/blobs/uploads/");
  await first.call("PATCH", headers.location ?? "", { body: data });
  await using second = await serveTestRegistry({ name: "localhost:5000" }, first.test);
  await first.test.images.close();
  await assert.rejects(first.call("GET", "/v2/"), { code: "ECONNREFUSED" });
  assert.deepEqual((await first.test.contents()).ingests, []);
  await second[Symbol.asyncDispose]();
  await using third = await serveTestRegistry({ name: "localhost:5000" }, first.test);
  await first.test.images.collectGarbage();
  assert.equal((await third.call("GET", `/v2/a/b/blobs/${digest}`)).body.toString(), "0123456789");
});

test("a blob that no manifest wants for a day is forgotten", async () => {
  let now = Date.now();
  await using images = await openTestImages({ now: () => now });
  await using registry = await serveTestRegistry({}, images);
  await registry.pushBlob("a/b", data);
  await images.images.prune();
  assert.equal((await registry.call("HEAD", `/v2/a/b/blobs/${digest}`)).status, 200);
  now += 25 * 60 * 60 * 1000;
  await images.images.prune();
  assert.equal((await registry.call("HEAD", `/v2/a/b/blobs/${digest}`)).status, 404);
  assert.deepEqual((await images.contents()).blobs, []);
});
