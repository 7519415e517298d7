import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { mediaTypes } from "../../specs/index.ts";
import { parseReference } from "../reference.ts";
import { collectText } from "../testing/collect.ts";
import {
  type FakeRegistry,
  hangUp,
  refuse,
  reply,
  requireBasic,
  startFakeRegistry,
  times,
  truncate,
} from "../testing/fake-registry.ts";
import { createRegistryClient, type RegistryClientOptions } from "./client.ts";
import type { Host } from "./hosts/host.ts";
import { usualHost } from "./hosts/usual-host.ts";

const document = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] };
const user = { username: "me", password: "secret" };

describe("registry client, with mirrors", () => {
  let registry: FakeRegistry;
  let mirror: FakeRegistry;
  beforeEach(async () => {
    registry = await startFakeRegistry();
    mirror = await startFakeRegistry();
  });
  afterEach(async () => {
    await registry[Symbol.asyncDispose]();
    await mirror[Symbol.asyncDispose]();
  });

  const client = (changes: Partial<Host> = {}, options: RegistryClientOptions = {}) =>
    createRegistryClient({
      delay: async () => {},
      hosts: async (reference) => [
        { ...usualHost({ ...reference, domain: mirror.host }), isMirror: true, ...changes },
        usualHost(reference),
      ],
      ...options,
    });
  const reference = () => parseReference(`${registry.host}/a/b:tag`);

  it("takes from the mirror what it has, and leaves the registry alone", async () => {
    const blob = mirror.putBlob("the blob");
    const { digest } = mirror.putManifest("a/b", "tag", document);
    const repository = client({ namespace: "docker.io" }).repository(reference());
    assert.equal((await repository.resolve("tag"))?.digest, digest);
    assert.equal((await repository.manifest(digest)).descriptor.digest, digest);
    assert.equal(await collectText(repository.blob(blob)), "the blob");
    assert.deepEqual(registry.requests, []);
    assert.deepEqual(mirror.requests, [
      "HEAD /v2/a/b/manifests/tag?ns=docker.io",
      `GET /v2/a/b/manifests/${digest}?ns=docker.io`,
      `GET /v2/a/b/blobs/${blob.digest}?ns=docker.io`,
    ]);
  });

  it("asks the registry for what the mirror refuses, whatever it says", async () => {
    const { digest } = registry.putManifest("a/b", "tag", document);
    for (const status of [401, 403, 404, 418, 429, 500]) {
      mirror.faults.splice(0, 1, (_, response) => refuse(response, status, "NO"));
      const { descriptor } = await client().repository(reference()).manifest("tag");
      assert.equal(descriptor.digest, digest, String(status));
    }
  });

  it("asks the mirror no more once it could not be spoken to", async () => {
    registry.putManifest("a/b", "tag", document);
    const blob = registry.putBlob("the blob");
    mirror.faults.push(hangUp);
    const repository = client().repository(reference());
    await repository.manifest("tag");
    const before = mirror.requests.length;
    assert.equal(await collectText(repository.blob(blob)), "the blob");
    assert.equal(mirror.requests.length, before);
  });

  it("goes on at the registry with a blob that the mirror does not finish", async () => {
    const data = Buffer.from("0123456789");
    const blob = registry.putBlob(data);
    mirror.faults.push(times(1, "blobs", truncate(data, 6)), hangUp);
    assert.equal(await collectText(client().repository(reference()).blob(blob)), "0123456789");
    assert.equal(registry.headers[0]?.range, "bytes=6-");
  });

  it("does not ask a mirror that cannot say what a tag stands for", async () => {
    const { digest } = registry.putManifest("a/b", "tag", document);
    mirror.putManifest("a/b", "tag", document);
    const repository = client({ capabilities: ["pull"] }).repository(reference());
    await repository.manifest("tag");
    assert.deepEqual(mirror.requests, []);
    await repository.manifest(digest);
    assert.equal(mirror.requests.length, 1);
  });

  it("gives a mirror no credentials but its own", async () => {
    registry.putManifest("a/b", "tag", document);
    registry.faults.push(requireBasic("me", "secret"));
    mirror.faults.push(requireBasic("me", "secret"));
    const asked: string[] = [];
    const credentials = async (name: string) => {
      asked.push(name);
      return undefined;
    };
    const repository = client({}, { credentials }).repository(reference(), { credentials: async () => user });
    await repository.manifest("tag");
    assert.deepEqual(asked, [`${mirror.host}/a/b`]);
    assert.ok(mirror.headers.every(({ authorization }) => authorization === undefined));
  });

  it("reports the registry's answer, and the mirror's in the details", async () => {
    mirror.faults.push((_, response) => refuse(response, 500, "BROKEN"));
    await assert.rejects(client().repository(reference()).manifest("tag"), {
      code: "IMAGE_REGISTRY_NOT_FOUND",
      message: new RegExp(`^cannot pull ${registry.host}/a/b:tag: registry ${registry.host} answered 404`),
      details: {
        reference: `${registry.host}/a/b:tag`,
        registry: registry.host,
        status: 404,
        reason: "MANIFEST_UNKNOWN: MANIFEST_UNKNOWN happened",
        mirrors: [
          `${mirror.host}: cannot pull ${registry.host}/a/b:tag: registry ${mirror.host} answered 500 (BROKEN: BROKEN happened)`,
        ],
      },
    });
  });

  it("says so where nothing is configured to be asked", async () => {
    const hosts = async () => [{ ...usualHost(reference()), capabilities: ["push" as const] }];
    const subject = createRegistryClient({ hosts });
    await assert.rejects(subject.repository(reference()).manifest("tag"), { code: "IMAGE_REGISTRY_CONFIG" });
    const none = createRegistryClient({ hosts: async () => [] });
    await assert.rejects(none.writer(reference()).hasBlob(registry.putBlob("x").digest), {
      code: "IMAGE_REGISTRY_CONFIG",
    });
  });

  it("sends the headers of a host to that host only", async () => {
    const blob = registry.putBlob("the blob");
    const location = `http://${registry.host}/v2/a/b/blobs/${blob.digest}`;
    mirror.faults.push(reply(307, { location }));
    const repository = client({ headers: { "x-secret": "1" } }).repository(reference());
    assert.equal(await collectText(repository.blob(blob)), "the blob");
    assert.equal(mirror.headers[0]?.["x-secret"], "1");
    assert.equal(registry.headers[0]?.["x-secret"], undefined);
  });

  it("pushes to the first host that may be pushed to", async () => {
    await client({ capabilities: ["pull"] })
      .writer(reference())
      .hasBlob(registry.putBlob("x").digest);
    assert.equal(registry.requests.length, 1);
    assert.deepEqual(mirror.requests, []);
  });

  it("speaks plainly to a registry that may be insecure and does not know better", async () => {
    registry.putManifest("a/b", "tag", document);
    const plain = usualHost(reference());
    const secure = { ...plain, api: new URL(plain.api.href.replace("http:", "https:")) };
    const hosts = async () => [{ ...secure, tls: { ...secure.tls, verify: false } }, plain];
    const subject = createRegistryClient({ hosts, delay: async () => {} });
    await subject.repository(reference()).manifest("tag");
    await subject.writer(reference()).hasBlob(registry.putBlob("x").digest);
    assert.ok(registry.requests.includes("GET /v2/a/b/manifests/tag"));
  });
});
