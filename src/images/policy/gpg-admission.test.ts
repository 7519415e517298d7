import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import type { Digest } from "../../base/index.ts";
import { makeGpgTestKey } from "../../signatures/testing/gpg-key.ts";
import { openLookaside } from "../signatures/lookaside.ts";
import { type FakeRegistry, startFakeRegistry } from "../testing/fake-registry.ts";
import { openTestImages, type TestImages } from "../testing/open-images.ts";
import { sampleImage, serveImage, serveIndex } from "../testing/sample-image.ts";

const [key, other] = [makeGpgTestKey("P-256"), makeGpgTestKey("Ed25519")];
const amd64 = { os: "linux", architecture: "amd64" };

describe("a policy that wants GPG signatures", () => {
  let registry: FakeRegistry;
  let subject: TestImages;
  const files = { directories: [], storage: "" };
  const place = { file: "" };
  beforeEach(async () => {
    registry = await startFakeRegistry();
    subject = await openTestImages({ policy: place, lookaside: openLookaside({ files }) });
    place.file = join(subject.root, "policy.json");
    files.storage = join(subject.root, "storage");
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });
  const name = (tag = "latest") => `${registry.host}/a/b:${tag}`;
  const pull = () => subject.images.pull(name(), { platform: amd64 });
  const runIt = (query = name()) => subject.images.resolveToRun(query, amd64);
  const rule = { type: "signedBy", keyType: "GPGKeys", signedIdentity: { type: "matchRepository" } };
  const signed = { ...rule, keyData: key.publicKey().toString("base64") };
  const policy = (...requirements: object[]) =>
    writeFile(place.file, JSON.stringify({ default: requirements }));
  const signatureOf = (digest: Digest, { by = key, as = name() } = {}) =>
    by.sign({ name: as, digest, optional: {} });
  const sign = async (digest: Digest, changes: { by?: typeof key; as?: string; number?: number } = {}) => {
    const directory = join(files.storage, `a/b@${digest.replace(":", "=")}`);
    await mkdir(directory, { recursive: true });
    await writeFile(
      join(directory, `signature-${changes.number ?? 1}`),
      signatureOf(digest, changes).payload,
    );
  };
  const refusal = (verb: string, reason: string) => ({
    code: "IMAGE_POLICY_REFUSED",
    message: `cannot ${verb} ${name()}: the policy ${place.file}#/default/0 ${reason}`,
  });

  it("lets in and run what is signed so, and keeps its signatures", async () => {
    const { digest } = serveImage(registry, sampleImage());
    await policy(signed);
    await assert.rejects(pull(), refusal("pull", "wants it signed: it has no signature"));
    await sign(digest, { by: other });
    await assert.rejects(
      pull(),
      refusal("pull", "wants it signed: its signature was not made with the key in it"),
    );
    await sign(digest, { number: 2 });
    await pull();
    await rm(files.storage, { recursive: true });
    await runIt();
    await policy({ ...rule, keyData: other.publicKey().toString("base64") });
    await assert.rejects(
      runIt(),
      refusal("run", "wants it signed: its signature was not made with the key in it"),
    );
  });

  it("takes files of keys, in text or bytes, one or several", async () => {
    const { digest } = serveImage(registry, sampleImage());
    await sign(digest);
    const [one, two] = ["one.asc", "two.gpg"].map((file) => join(subject.root, file)) as [string, string];
    await writeFile(one, other.publicText());
    await writeFile(two, key.publicKey());
    await policy({ ...rule, keyPaths: [one, two] });
    await pull();
    await policy({ ...rule, keyPath: two });
    await runIt();
    await policy({ ...rule, keyPath: one });
    await assert.rejects(runIt(), refusal("run", `wants it signed: its signature was not made with ${one}`));
    await writeFile(one, "no key");
    await assert.rejects(runIt(), {
      code: "IMAGE_POLICY",
      message: new RegExp(`cannot use the GPG keys ${one}: it holds no OpenPGP keys$`),
    });
    await policy({ ...rule, keyPath: "/missing.gpg" });
    await assert.rejects(runIt(), { code: "IMAGE_POLICY", message: /\/missing\.gpg is not there$/ });
  });

  it("looks at the name that was signed, and at the time of the key", async () => {
    const { digest } = serveImage(registry, sampleImage());
    await policy(signed);
    await sign(digest, { as: "evil.example/a/b:1" });
    await assert.rejects(
      pull(),
      refusal(
        "pull",
        'wants it signed: the key in it has signed it under another name: "evil.example/a/b:1"',
      ),
    );
    await sign(digest);
    await policy({ ...rule, keyData: key.publicKey(30).toString("base64") });
    await assert.rejects(pull(), {
      code: "IMAGE_POLICY_REFUSED",
      message: /its key [0-9A-F]{40} expired on /,
    });
  });

  it("takes a signature of the store's, and none of cosign's words", async () => {
    const { digest } = serveImage(registry, sampleImage());
    await policy({ type: "insecureAcceptAnything" });
    await pull();
    await policy(signed);
    const cosign = key.sign({ name: name(), digest, optional: {} }, "cosign");
    await assert.rejects(subject.images.remote.sign(name(), cosign), { code: "SIGNATURE_PAYLOAD" });
    await subject.images.remote.sign(name(), signatureOf(digest));
    await runIt();
  });

  it("takes a signature of an index for all of its images, and one of an image for that alone", async () => {
    const samples = ["amd64", "arm64"].map((architecture) =>
      sampleImage({ architecture, layers: [{ [architecture]: "" }] }),
    );
    const index = serveIndex(registry, samples);
    await policy(signed);
    await sign(index.digest);
    await pull();
    await runIt();
  });

  it("goes by what files say about where signatures lie, and fails where those cannot be read", async () => {
    const { digest } = serveImage(registry, sampleImage());
    await policy(signed);
    await sign(digest);
    const directory = join(subject.root, "registries.d");
    await mkdir(directory);
    const say = (address: string) =>
      writeFile(join(directory, "x.yaml"), `docker:\n  ${registry.host}/a:\n    lookaside: ${address}\n`);
    const storage = files.storage;
    const bound = openLookaside({ files: { directories: [directory], storage: undefined } });
    await using own = await openTestImages({ policy: place, lookaside: bound });
    const pullOwn = () => own.images.pull(name(), { platform: amd64 });
    await say(`${pathToFileURL(`${storage}-elsewhere`)}`);
    await assert.rejects(pullOwn(), { code: "IMAGE_POLICY_REFUSED" });
    await say("http://127.0.0.1:1/signatures");
    await assert.rejects(pullOwn(), {
      code: "IMAGE_LOOKASIDE",
      message: /cannot read the signature http:\/\/127/,
    });
    await say("ftp://example.org");
    await assert.rejects(pullOwn(), { code: "IMAGE_REGISTRY_CONFIG" });
    await say(`${pathToFileURL(storage)}`);
    await pullOwn();
  });
});
