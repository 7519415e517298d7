import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { sha256 } from "../../base/index.ts";
import { mediaTypes } from "../../specs/index.ts";
import { parseReference } from "../reference.ts";
import {
  type FakeRegistry,
  redirect,
  refuse,
  reply,
  requireBasic,
  requireToken,
  startFakeRegistry,
  times,
} from "../testing/fake-registry.ts";
import { createRegistryClient, type RegistryClientOptions } from "./client.ts";

const data = Buffer.from("0123456789".repeat(100));
const blob = { digest: sha256(data), size: data.length };

/** The blob in small pieces. */
async function* read(offset: number): AsyncGenerator<Uint8Array> {
  for (let at = offset; at < data.length; at += 64) yield data.subarray(at, at + 64);
}

describe("registry client, pushing", () => {
  let registry: FakeRegistry;
  let waits: number[];
  beforeEach(async () => {
    registry = await startFakeRegistry();
    waits = [];
  });
  afterEach(() => registry[Symbol.asyncDispose]());

  function writer(options: RegistryClientOptions = {}) {
    const delay = async (milliseconds: number) => void waits.push(milliseconds);
    const client = createRegistryClient({ delay, idleTimeout: 5000, ...options });
    return client.writer(parseReference(`${registry.host}/a/b:tag`));
  }
  const methods = () => registry.requests.map((each) => each.split(" ")[0]).join(" ");
  /** Answers the first request of a method in the registry's place, after the whole of it has come. */
  const once = (method: string, status: number, headers: Record<string, string> = {}) => {
    let left = 1;
    registry.faults.push((request, response) => {
      if (request.method !== method || left === 0) return false;
      left -= 1;
      request.resume().once("end", () => response.writeHead(status, headers).end());
      return true;
    });
  };

  it("sends a blob in one piece", async () => {
    const sent: number[] = [];
    const uploaded = await writer().uploadBlob(blob, read, { onSent: (bytes) => void sent.push(bytes) });
    assert.deepEqual(uploaded, { mountedFrom: undefined });
    assert.deepEqual(registry.blob(blob.digest), data);
    assert.equal(methods(), "POST PUT");
    assert.deepEqual([sent[0], sent.at(-1)], [64, data.length]);
    assert.equal(registry.headers[1]?.["content-length"], String(data.length));
  });

  it("tells whether a blob or a manifest is there", async () => {
    const subject = writer();
    assert.equal(await subject.hasBlob(blob.digest), false);
    registry.putBlob(data);
    assert.equal(await subject.hasBlob(blob.digest), true);
    assert.equal(await subject.hasManifest("tag"), false);
    const { digest } = registry.putManifest("a/b", "tag", { mediaType: mediaTypes.manifest });
    assert.equal(await subject.hasManifest("tag"), digest);
    assert.equal(methods(), "HEAD HEAD HEAD HEAD");
  });

  it("takes a blob over from another repository without sending it", async () => {
    registry.putBlob(data);
    const uploaded = await writer().uploadBlob(blob, read, { mountFrom: ["c/d"] });
    assert.deepEqual(uploaded, { mountedFrom: "c/d" });
    assert.deepEqual(registry.requests, [
      `POST /v2/a/b/blobs/uploads/?mount=${encodeURIComponent(blob.digest)}&from=c%2Fd`,
    ]);
  });

  it("sends a blob that no other repository gives, and leaves no upload behind", async () => {
    const uploaded = await writer().uploadBlob(blob, read, { mountFrom: ["c/d", "e/f"] });
    assert.deepEqual(uploaded, { mountedFrom: undefined });
    assert.equal(methods(), "POST DELETE POST DELETE POST PUT");
    assert.equal(registry.unfinished(), 0);
  });

  it("asks for the right to read a repository that it takes a blob from", async () => {
    registry.putBlob(data);
    registry.faults.push(requireToken(registry.host));
    await writer().uploadBlob(blob, read, { mountFrom: ["c/d"] });
    const token = new URL(
      registry.requests.find((each) => each.includes("/token"))?.slice(4) ?? "",
      "http://x",
    );
    assert.deepEqual(token.searchParams.getAll("scope"), ["repository:a/b:pull,push", "repository:c/d:pull"]);
  });

  it("sends pieces where the whole is too large for the registry", async () => {
    once("PUT", 413);
    await writer({ chunkSize: 300 }).uploadBlob(blob, read);
    assert.deepEqual(registry.blob(blob.digest), data);
    const ranges = registry.headers.map((each) => each["content-range"]).filter(Boolean);
    assert.deepEqual(ranges, ["0-299", "300-599", "600-899", "900-999"]);
    assert.equal(registry.unfinished(), 0);
  });

  it("makes pieces as large as the registry wants them", async () => {
    once("PUT", 413);
    registry.faults.push((request, response) => {
      if (request.method === "POST") response.setHeader("oci-chunk-min-length", "600");
      return false;
    });
    await writer({ chunkSize: 300 }).uploadBlob(blob, read);
    const ranges = registry.headers.map((each) => each["content-range"]).filter(Boolean);
    assert.deepEqual(ranges, ["0-599", "600-999"]);
  });

  it("goes on where a broken connection left off", async () => {
    const cut = async function* (offset: number) {
      for await (const chunk of read(offset)) {
        yield chunk;
        if (offset === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    let isCut = false;
    registry.faults.push((request) => {
      if (request.method !== "PUT" || isCut) return false;
      isCut = true;
      let size = 0;
      request.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size >= 320) request.destroy();
      });
      return false;
    });
    await writer().uploadBlob(blob, cut);
    assert.deepEqual(registry.blob(blob.digest), data);
    assert.equal(registry.headers.filter((each) => each["content-range"] !== undefined).length, 1);
    assert.deepEqual(waits, [500]);
  });

  it("begins again when the registry has forgotten the upload", async () => {
    once("PUT", 404);
    await writer().uploadBlob(blob, read);
    assert.deepEqual(registry.blob(blob.digest), data);
    assert.equal(registry.unfinished(), 0);
  });

  it("waits as long as the registry asks for", async () => {
    once("PUT", 429, { "retry-after": "7" });
    await writer().uploadBlob(blob, read);
    assert.deepEqual(waits, [7000]);
  });

  it("gives up after some attempts, and leaves no upload behind", async () => {
    registry.faults.push((request, response) => request.method === "PUT" && refuse(response, 500, "BROKEN"));
    await assert.rejects(writer().uploadBlob(blob, read), {
      code: "IMAGE_REGISTRY_FAILED",
      message: `cannot push ${registry.host}/a/b:tag: registry ${registry.host} answered 500 (BROKEN: BROKEN happened)`,
    });
    assert.equal(registry.requests.filter((each) => each.startsWith("PUT")).length, 5);
    assert.equal(registry.unfinished(), 0);
  });

  it("stops sending what the registry has refused", async () => {
    let given = 0;
    const endless = async function* () {
      for (; given < 10_000; given += 1) {
        yield Buffer.alloc(64 * 1024);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    registry.faults.push((request, response) => request.method === "PUT" && refuse(response, 403, "DENIED"));
    await assert.rejects(writer().uploadBlob({ ...blob, size: 10_000 * 64 * 1024 }, endless), {
      code: "IMAGE_REGISTRY_DENIED",
    });
    assert.ok(given < 10_000, String(given));
  });

  it("fails as its source does", async () => {
    const broken = async function* () {
      yield Buffer.alloc(10);
      throw new Error("the disk is on fire");
    };
    await assert.rejects(writer().uploadBlob(blob, broken), /the disk is on fire/);
    assert.equal(registry.unfinished(), 0);
  });

  it("stops at its signal", async () => {
    const abort = new AbortController();
    const endless = async function* () {
      yield Buffer.alloc(10);
      abort.abort(new Error("enough"));
      await new Promise(() => {});
    };
    await assert.rejects(writer().uploadBlob(blob, endless, { signal: abort.signal }), /enough/);
  });

  it("follows an upload to another host without the credentials", async () => {
    await using other = await startFakeRegistry();
    const user = { username: "me", password: "secret" };
    registry.faults.push(requireBasic(user.username, user.password));
    other.faults.push(times(1, "/elsewhere", reply(201)));
    const location = `http://${other.host}/elsewhere`;
    registry.faults.push(times(1, "uploads/", reply(202, { location })));
    await writer({ credentials: async () => user }).uploadBlob(blob, read);
    assert.equal(other.headers[0]?.authorization, undefined);
    assert.equal(other.requests[0]?.startsWith("PUT /elsewhere?digest="), true);
  });

  it("follows redirects that keep the method, and sends the body again", async () => {
    await using other = await startFakeRegistry();
    const received: Buffer[] = [];
    other.faults.push((request, response) => {
      request.on("data", (chunk: Buffer) => void received.push(chunk));
      request.on("end", () => response.writeHead(201).end());
      return true;
    });
    registry.faults.push(
      (request, response) =>
        request.method === "PUT" && redirect(`http://${other.host}/there`)(request, response),
    );
    await writer().uploadBlob(blob, read);
    assert.deepEqual(Buffer.concat(received), data);
  });

  for (const [what, headers] of [
    ["without an address", {}],
    ["with an address that is none", { location: "http://[" }],
    ["with an address that is no web address", { location: "file:///etc/passwd" }],
  ] as const) {
    it(`refuses an upload ${what}`, async () => {
      registry.faults.push(reply(202, headers));
      await assert.rejects(writer().uploadBlob(blob, read), { code: "IMAGE_REGISTRY_PROTOCOL" });
    });
  }

  it("puts a manifest in, byte for byte", async () => {
    const document = Buffer.from('{ "schemaVersion": 2 }');
    const manifest = { mediaType: mediaTypes.manifest, digest: sha256(document), data: document };
    await writer().putManifest("tag", manifest);
    assert.equal(registry.tagged("a/b", "tag"), manifest.digest);
    assert.equal(registry.headers[0]?.["content-type"], mediaTypes.manifest);
  });

  it("notices a registry that changes a manifest", async () => {
    registry.faults.push(reply(201, { "docker-content-digest": sha256("other") }));
    const manifest = { mediaType: mediaTypes.manifest, digest: sha256("{}"), data: Buffer.from("{}") };
    await assert.rejects(writer().putManifest("tag", manifest), { code: "IMAGE_CONTENT_DIGEST" });
  });
});
