import assert from "node:assert/strict";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { sha256 } from "../../base/index.ts";
import { mediaTypes } from "../../specs/index.ts";
import { parseReference } from "../reference.ts";
import { collectBytes, collectText } from "../testing/collect.ts";
import {
  type FakeRegistry,
  redirect,
  refuse,
  reply,
  requireBasic,
  requireToken,
  startFakeRegistry,
  times,
  truncate,
} from "../testing/fake-registry.ts";
import { createRegistryClient, type RegistryClientOptions } from "./client.ts";

const document = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] };
const user = { username: "me", password: "se:cret" };

describe("registry client", () => {
  let registry: FakeRegistry;
  let waits: number[];
  beforeEach(async () => {
    registry = await startFakeRegistry();
    waits = [];
  });
  afterEach(() => registry[Symbol.asyncDispose]());

  function repository(options: RegistryClientOptions = {}, host = registry.host) {
    const delay = async (milliseconds: number) => void waits.push(milliseconds);
    const client = createRegistryClient({ delay, idleTimeout: 5000, ...options });
    return client.repository(parseReference(`${host}/a/b:tag`));
  }
  const count = (part: string) => registry.requests.filter((each) => each.includes(part)).length;

  it("gets a manifest by tag and by digest, and describes it without getting it", async () => {
    const descriptor = registry.putManifest("a/b", "tag", document);
    const { data, ...fetched } = await repository().manifest("tag");
    assert.deepEqual(fetched, { descriptor });
    assert.deepEqual(JSON.parse(Buffer.from(data).toString()), document);
    assert.deepEqual((await repository().manifest(descriptor.digest)).descriptor, descriptor);
    assert.deepEqual(await repository().resolve("tag"), descriptor);
    assert.ok(registry.headers[0]?.accept?.includes(mediaTypes.dockerManifest));
  });

  it("gets a blob", async () => {
    const blob = registry.putBlob("the blob");
    assert.equal(await collectText(repository().blob(blob)), "the blob");
    assert.equal(await collectText(repository().blob(blob, { offset: 4 })), "blob");
    assert.equal(await collectText(repository().blob(blob, { offset: 8 })), "");
  });

  it("gets a blob in pieces that are gone when the next one is asked for, only where that is wanted", async () => {
    const content = "0123456789abcdef".repeat(50_000);
    const blob = registry.putBlob(content);
    const brief = repository().blob(blob, { brief: true });
    let text = "";
    const pieces: Uint8Array[] = [];
    for await (const piece of brief) {
      text += Buffer.from(piece).toString();
      pieces.push(piece);
    }
    assert.equal(text, content);
    assert.ok(pieces.reduce((sum, { length }) => sum + length, 0) < content.length / 2);
    assert.equal(await collectText(repository().blob(blob)), content);
  });

  it("names the registry and the reference when there is no such manifest", async () => {
    await assert.rejects(repository().manifest("tag"), {
      code: "IMAGE_REGISTRY_NOT_FOUND",
      kind: "notFound",
      message: `cannot pull ${registry.host}/a/b:tag: registry ${registry.host} answered 404 (MANIFEST_UNKNOWN: MANIFEST_UNKNOWN happened)`,
    });
  });

  describe("checks what it gets", () => {
    it("a manifest with another digest than asked for", async () => {
      const { digest } = registry.putManifest("a/b", "tag", document);
      registry.faults.push(times(1, digest, reply(200, {}, '{"other": 1}')));
      await assert.rejects(repository().manifest(digest), { code: "IMAGE_CONTENT_DIGEST", kind: "dataLoss" });
    });

    it("a manifest with another digest than announced", async () => {
      const headers = { "docker-content-digest": sha256("something else") };
      registry.faults.push(reply(200, headers, "{}"));
      await assert.rejects(repository().manifest("tag"), { code: "IMAGE_CONTENT_DIGEST" });
    });

    it("a manifest that is too large", async () => {
      registry.faults.push(reply(200, {}, Buffer.alloc(4 * 1024 * 1024 + 1)));
      await assert.rejects(repository().manifest("tag"), { code: "IMAGE_CONTENT_SIZE" });
    });

    it("a part of a blob that is another part", async () => {
      const blob = registry.putBlob("the blob");
      const headers = { "content-range": "bytes 2-7/8" };
      registry.faults.push(reply(206, headers, "e blob"));
      await assert.rejects(collectBytes(repository().blob(blob, { offset: 4 })), {
        code: "IMAGE_REGISTRY_PROTOCOL",
      });
    });
  });

  describe("tries again", () => {
    it("after a server error, waiting longer each time", async () => {
      registry.putManifest("a/b", "tag", document);
      registry.faults.push(times(3, "manifests", (_, response) => refuse(response, 503, "UNAVAILABLE")));
      await repository().manifest("tag");
      assert.deepEqual(waits, [500, 1000, 2000]);
    });

    it("as late as the server asks for", async () => {
      registry.putManifest("a/b", "tag", document);
      const headers = { "retry-after": "7" };
      registry.faults.push(
        times(1, "manifests", (_, response) => refuse(response, 429, "TOOMANYREQUESTS", headers)),
      );
      await repository().manifest("tag");
      assert.deepEqual(waits, [7000]);
    });

    it("not at all if the server asks for an hour, and says so", async () => {
      const headers = { "retry-after": "3600" };
      registry.faults.push((_, response) => refuse(response, 429, "TOOMANYREQUESTS", headers));
      await assert.rejects(repository().manifest("tag"), {
        code: "IMAGE_REGISTRY_LIMIT",
        hint: "try again in 3600 seconds, or log in",
      });
      assert.deepEqual(waits, []);
    });

    it("a limited number of times", async () => {
      registry.faults.push((_, response) => refuse(response, 500, "BROKEN"));
      await assert.rejects(repository().manifest("tag"), {
        code: "IMAGE_REGISTRY_FAILED",
        kind: "unavailable",
      });
      assert.equal(registry.requests.length, 5);
    });

    it("after a manifest was cut off", async () => {
      registry.putManifest("a/b", "tag", document);
      registry.faults.push(times(1, "manifests", truncate(Buffer.alloc(100), 50)));
      await repository().manifest("tag");
      assert.equal(count("manifests"), 2);
    });

    it("from where a blob was cut off", async () => {
      const data = Buffer.from("0123456789");
      registry.faults.push(times(1, "blobs", truncate(data, 6)));
      assert.equal(await collectText(repository().blob(registry.putBlob(data))), "0123456789");
      assert.equal(registry.headers[1]?.range, "bytes=6-");
    });

    it("from a server without ranges, leaving out what it has", async () => {
      const data = Buffer.from("0123456789");
      registry.faults.push(times(1, "blobs", truncate(data, 6)));
      registry.faults.push(reply(200, {}, data));
      assert.equal(await collectText(repository().blob(registry.putBlob(data))), "0123456789");
    });

    it("but not for ever with a blob that gets nowhere", async () => {
      const data = Buffer.alloc(1000);
      registry.faults.push((request, response) => {
        const start = Number(request.headers.range?.slice(6, -1) ?? 0);
        response.writeHead(start === 0 ? 200 : 206, {
          "content-length": data.length - start,
          "content-range": `bytes ${start}-999/1000`,
        });
        response.write(data.subarray(start, start + 1), () => response.destroy());
        return true;
      });
      await assert.rejects(collectBytes(repository().blob(registry.putBlob(data))), {
        code: "IMAGE_REGISTRY_PROTOCOL",
      });
      assert.equal(registry.requests.length, 5);
    });
  });

  describe("without a usable connection", () => {
    it("says that the registry cannot be reached and what to do", async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      const { port } = server.address() as { port: number };
      await new Promise((resolve) => server.close(resolve));
      await assert.rejects(repository({}, `127.0.0.1:${port}`).manifest("tag"), {
        code: "IMAGE_REGISTRY_UNREACHABLE",
        kind: "unavailable",
        message: new RegExp(
          `^cannot pull 127.0.0.1:${port}/a/b:tag: registry 127.0.0.1:${port} cannot be reached: `,
        ),
        hint: /tug load/,
      });
      assert.deepEqual(waits, [500]);
    });

    it("gives up on a connection that does not come about", async (t) => {
      const server = createServer(() => {}).listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      t.after(() => server.close());
      const { port } = server.address() as { port: number };
      const options = { isPlain: () => false, connectTimeout: 20 };
      await assert.rejects(repository(options, `127.0.0.1:${port}`).manifest("tag"), {
        code: "IMAGE_REGISTRY_UNREACHABLE",
        message: /cannot be reached: no connection after 20 ms$/,
      });
      assert.equal(waits.length, 1);
    });

    it("gives up on a silent server", async () => {
      registry.faults.push(() => true);
      await assert.rejects(repository({ idleTimeout: 20 }).manifest("tag"), {
        code: "IMAGE_REGISTRY_TIMEOUT",
        kind: "timeout",
      });
    });

    it("does not mistake a slow reader for a silent server", async () => {
      const data = Buffer.alloc(3 * 1024 * 1024, 1);
      const source = repository({ idleTimeout: 30 }).blob(registry.putBlob(data));
      let size = 0;
      for await (const chunk of source) {
        if (size === 0) await new Promise((resolve) => setTimeout(resolve, 120));
        size += chunk.length;
      }
      assert.equal(size, data.length);
      assert.equal(registry.requests.length, 1);
    });

    it("stops at its signal", async () => {
      registry.faults.push(() => true);
      const abort = new AbortController();
      const pending = repository().manifest("tag", abort.signal);
      abort.abort(new Error("enough"));
      await assert.rejects(pending, /enough/);
    });

    it("speaks https to everything but loopback addresses", async () => {
      const delay = () => Promise.resolve();
      using client = createRegistryClient({ isPlain: () => false, delay });
      await assert.rejects(client.repository(parseReference(`${registry.host}/a/b`)).manifest("latest"), {
        code: "IMAGE_REGISTRY_PROTOCOL",
        hint: /https/,
      });
    });
  });

  describe("authenticates", () => {
    beforeEach(() => void registry.putManifest("a/b", "tag", document));

    it("with a name and a password where the registry wants them, and asks once", async () => {
      registry.faults.push(requireBasic(user.username, user.password));
      const subject = repository({ credentials: async () => user });
      await subject.manifest("tag");
      await subject.manifest("tag");
      assert.equal(registry.requests.length, 3);
      assert.equal(registry.headers[0]?.authorization, undefined);
    });

    it("not at all without credentials", async () => {
      registry.faults.push(requireBasic(user.username, user.password));
      await assert.rejects(repository().manifest("tag"), {
        code: "IMAGE_REGISTRY_UNAUTHORIZED",
        kind: "unauthorized",
        message: /answered 401 \(UNAUTHORIZED/,
      });
    });

    it("not at all where the caller says that it is nobody", async () => {
      registry.faults.push(requireBasic("", ""));
      const subject = repository({ credentials: async () => ({ username: "", password: "" }) });
      await assert.rejects(subject.manifest("tag"), { code: "IMAGE_REGISTRY_UNAUTHORIZED" });
      assert.ok(registry.headers.every(({ authorization }) => authorization === undefined));
    });

    it("with a token for the scope, anonymously", async () => {
      registry.faults.push(requireToken(registry.host));
      await repository().manifest("tag");
      assert.ok(
        registry.requests.includes("GET /token?service=test+registry&scope=repository%3Aa%2Fb%3Apull"),
        registry.requests.join(),
      );
    });

    it("with a token that a name and a password get", async () => {
      const seen: (string | undefined)[] = [];
      const admit = (request: { headers: { authorization?: string | undefined } }) =>
        seen.push(request.headers.authorization) > 0;
      registry.faults.push(requireToken(registry.host, { admit }));
      await repository({ credentials: async () => user }).manifest("tag");
      assert.deepEqual(seen, [`Basic ${Buffer.from("me:se:cret").toString("base64")}`]);
    });

    it("with a token that an identity token gets", async () => {
      const admit = (_: unknown, body: string) =>
        new URLSearchParams(body).get("refresh_token") === "identity";
      registry.faults.push(requireToken(registry.host, { admit, answer: () => ({ access_token: "x" }) }));
      await repository({ credentials: async () => ({ identityToken: "identity" }) }).manifest("tag");
      assert.ok(registry.requests.includes("POST /token"));
    });

    it("with a registry token as it is", async () => {
      registry.faults.push(requireToken(registry.host));
      await repository({ credentials: async () => ({ registryToken: "token" }) }).manifest("tag");
      assert.equal(count("/token"), 0);
    });

    it("once for requests that come together", async () => {
      registry.faults.push(requireToken(registry.host));
      const subject = repository();
      await Promise.all([subject.manifest("tag"), subject.manifest("tag"), subject.manifest("tag")]);
      assert.equal(count("/token"), 1);
    });

    it("again when a token has expired", async () => {
      let now = 0;
      const numbers = [1, 2, 3];
      const answer = () => ({ token: `token${numbers.shift()}`, expires_in: 60 });
      registry.faults.push(requireToken(registry.host, { answer }));
      const subject = repository({ now: () => now });
      await subject.manifest("tag");
      await subject.manifest("tag");
      assert.equal(count("/token"), 1);
      now = 55_000;
      await subject.manifest("tag");
      assert.equal(count("/token"), 2);
    });

    it("and says so when the token server refuses", async () => {
      registry.faults.push(requireToken(registry.host, { admit: () => false }));
      await assert.rejects(repository({ credentials: async () => user }).manifest("tag"), {
        code: "IMAGE_REGISTRY_UNAUTHORIZED",
      });
    });

    it("with no password in a message", async () => {
      registry.faults.push(requireBasic("other", "words"));
      await assert.rejects(repository({ credentials: async () => user }).manifest("tag"), (error: Error) => {
        assert.doesNotMatch(JSON.stringify([error.message, error]), /se:cret/);
        return true;
      });
    });
  });

  describe("follows redirects", () => {
    let other: FakeRegistry;
    beforeEach(async () => {
      other = await startFakeRegistry();
    });
    afterEach(() => other[Symbol.asyncDispose]());
    const redirectOnce = (location: string) => times(1, "blobs", redirect(location));

    it("to another host without taking the credentials along", async () => {
      const blob = other.putBlob("the blob");
      registry.faults.push(requireBasic(user.username, user.password));
      registry.faults.push(redirect(`http://${other.host}/v2/x/blobs/${blob.digest}`));
      assert.equal(await collectText(repository({ credentials: async () => user }).blob(blob)), "the blob");
      assert.equal(other.headers[0]?.authorization, undefined);
      assert.ok(registry.headers.at(-1)?.authorization?.startsWith("Basic "));
    });

    it("on the same host with them", async () => {
      const blob = registry.putBlob("the blob");
      registry.faults.push(
        requireBasic(user.username, user.password),
        redirectOnce(`/v2/elsewhere/blobs/${blob.digest}`),
      );
      assert.equal(await collectText(repository({ credentials: async () => user }).blob(blob)), "the blob");
    });

    it("but gives no credentials to a host that a redirect led to", async () => {
      const blob = other.putBlob("the blob");
      registry.faults.push(redirectOnce(`http://${other.host}/v2/x/blobs/${blob.digest}`));
      other.faults.push(requireToken(other.host));
      await assert.rejects(collectBytes(repository({ credentials: async () => user }).blob(blob)), {
        code: "IMAGE_REGISTRY_UNAUTHORIZED",
      });
      assert.deepEqual(
        other.requests.filter((each) => each.includes("/token")),
        [],
      );
    });

    it("not in circles", async () => {
      registry.faults.push(redirect("/v2/a/b/manifests/tag"));
      await assert.rejects(repository().manifest("tag"), { code: "IMAGE_REGISTRY_PROTOCOL" });
    });

    it("not to what is no web address", async () => {
      registry.faults.push(redirect("file:///etc/passwd"));
      await assert.rejects(repository().manifest("tag"), { code: "IMAGE_REGISTRY_PROTOCOL" });
    });
  });
});
