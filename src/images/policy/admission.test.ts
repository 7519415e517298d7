import assert from "node:assert/strict";
import { rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Digest, sha256 } from "../../base/index.ts";
import { formatPayload, makeKeyFiles, maxSignatures, readPrivateKey } from "../../signatures/index.ts";
import type { Descriptor } from "../../specs/index.ts";
import { addSignatures } from "../signatures/signature-manifest.ts";
import { signatureTag } from "../signatures/signature-names.ts";
import { type FakeRegistry, startFakeRegistry } from "../testing/fake-registry.ts";
import { openTestImages, type TestImages } from "../testing/open-images.ts";
import { type SampleImage, sampleImage, serveImage, serveIndex } from "../testing/sample-image.ts";

const files = await makeKeyFiles("");
const key = await readPrivateKey(files.privateKey, "k.key", async () => "");
const otherKey = await readPrivateKey((await makeKeyFiles("")).privateKey, "o.key", async () => "");

const arm64 = { os: "linux", architecture: "arm64" };
const amd64 = { os: "linux", architecture: "amd64" };

describe("a policy for images", () => {
  let registry: FakeRegistry;
  let subject: TestImages;
  let file: string;
  beforeEach(async () => {
    registry = await startFakeRegistry();
    const policy = { file: "" };
    subject = await openTestImages({ policy });
    file = join(subject.root, "policy.json");
    policy.file = file;
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });
  const name = (tag = "latest") => `${registry.host}/a/b:${tag}`;
  const pull = (tag?: string) => subject.images.pull(name(tag), { platform: amd64 });
  const run = (query: string, platform = amd64) => subject.images.resolveToRun(query, platform);
  const accept = { type: "insecureAcceptAnything" };
  const reject = { type: "reject" };
  const signed = {
    type: "sigstoreSigned",
    keyData: Buffer.from(files.publicKey).toString("base64"),
    signedIdentity: { type: "matchRepository" },
  };
  const policy = (...requirements: object[]) => writeFile(file, JSON.stringify({ default: requirements }));
  const scoped = (docker: Record<string, object>, fallback: object = reject) =>
    writeFile(
      file,
      JSON.stringify({
        default: [fallback],
        transports: {
          docker: Object.fromEntries(Object.entries(docker).map(([scope, rule]) => [scope, [rule]])),
        },
      }),
    );

  /** Takes all tags away that begin so; with the last of a repository go its digests. */
  const forget = async (prefix: string) => {
    for (const { names } of await subject.images.list())
      for (const each of names) if (each.startsWith(prefix)) await subject.images.remove(each);
  };

  /** Puts a signature beside an image of the registry. */
  const sign = (digest: Digest, { by = key, as = name(), of = digest } = {}) => {
    const payload = formatPayload({ name: as, digest: of, optional: {} });
    const signature = Buffer.from(by.sign(payload)).toString("base64");
    const { manifest, blobs } = addSignatures([{ payload, signature }], undefined);
    for (const { data } of blobs) registry.putBlob(data);
    registry.putManifest("a/b", signatureTag(digest), JSON.parse(String(manifest.data)));
  };
  const refusal = (verb: string, object: string, reason: RegExp | string) => ({
    code: "IMAGE_POLICY_REFUSED",
    message:
      typeof reason === "string"
        ? `cannot ${verb} ${object}: the policy ${file}#/default/0 ${reason}`
        : reason,
  });

  it("lets in what it accepts, and nothing that it rejects", async () => {
    serveImage(registry, sampleImage());
    await policy(reject);
    await assert.rejects(pull(), refusal("pull", name(), "rejects it"));
    assert.deepEqual(await subject.images.list(), []);
    assert.deepEqual(registry.requests, []);
    await policy(accept);
    await pull();
    await run(name());
    await policy(accept, reject);
    await assert.rejects(run(name()), { message: new RegExp(`${file}#/default/1 rejects it$`) });
  });

  it("is another one as soon as the file is", async () => {
    serveImage(registry, sampleImage());
    await policy(accept);
    await pull();
    await policy(reject);
    await assert.rejects(run(name()), refusal("run", name(), "rejects it"));
    await assert.rejects(pull(), refusal("pull", name(), "rejects it"));
  });

  it("is told apart by scopes, by the name that an image is asked for by", async () => {
    serveImage(registry, sampleImage());
    await scoped({ [`${registry.host}/a`]: accept });
    const { image } = await pull();
    await subject.images.tag(name(), "localhost/mine:1");
    await run(name());
    await assert.rejects(run("localhost/mine:1"), { code: "IMAGE_POLICY_REFUSED" });
    // By its id it may go by the name that it may run under.
    await run(image.id);
    await forget(`${registry.host}/`);
    await assert.rejects(run(image.id), { code: "IMAGE_POLICY_REFUSED" });
  });

  it("wants signatures at a pull, and finds them again without the registry", async () => {
    const { digest } = serveImage(registry, sampleImage());
    await policy(signed);
    await assert.rejects(pull(), refusal("pull", name(), "wants it signed: it has no signature"));
    sign(digest);
    const { image } = await pull();
    registry.faults.push((_, response) => {
      response.writeHead(500).end();
      return true;
    });
    for (const query of [name(), image.id, `${registry.host}/a/b@${digest}`]) {
      assert.equal((await run(query)).id, image.id);
    }
    // All of it is here, and so is the signature.
    await subject.images.pull(`${registry.host}/a/b@${digest}`);
  });

  for (const [what, make, reason] of [
    [
      "another key",
      (digest: Digest) => sign(digest, { by: otherKey }),
      "wants it signed: its signature was not made with the key in it",
    ],
    [
      "another image",
      (digest: Digest) => sign(digest, { of: sha256("other") }),
      `wants it signed: the key in it has signed another image: ${sha256("other")}`,
    ],
    [
      "another name",
      (digest: Digest) => sign(digest, { as: "evil.example/a/b:1" }),
      'wants it signed: the key in it has signed it under another name: "evil.example/a/b:1"',
    ],
  ] as const) {
    it(`takes no signature of ${what}`, async () => {
      const { digest } = serveImage(registry, sampleImage());
      await policy(signed);
      make(digest);
      await assert.rejects(pull(), refusal("pull", name(), reason));
    });
  }

  it("wants what was here before to be signed too, when it is to run", async () => {
    const { digest } = serveImage(registry, sampleImage());
    await policy(accept);
    await pull();
    await policy(signed);
    await assert.rejects(run(name()), refusal("run", name(), "wants it signed: it has no signature"));
    const payload = new Uint8Array(formatPayload({ name: name(), digest, optional: {} }));
    const signature = Buffer.from(key.sign(payload)).toString("base64");
    await subject.images.remote.sign(name(), { payload, signature });
    await run(name());
  });

  it("goes by a good signature also where the same one is kept beside other words", async () => {
    const { digest } = serveImage(registry, sampleImage());
    await policy(accept);
    await pull();
    const payload = (as: string) => new Uint8Array(formatPayload({ name: as, digest, optional: {} }));
    const signature = Buffer.from(key.sign(payload(name()))).toString("base64");
    for (const as of [name("other"), name()])
      await subject.images.remote.sign(name(), { payload: payload(as), signature });
    await policy(signed);
    await run(name());
  });

  it("keeps the good signatures of a pull also where nobody has room for them", async () => {
    const { digest } = serveImage(registry, sampleImage());
    await policy(accept);
    await pull();
    const payload = new Uint8Array(formatPayload({ name: name(), digest, optional: {} }));
    for (let at = 0; at < maxSignatures; at += 1) {
      await subject.images.remote.sign(name(), { payload, signature: `${at}` });
    }
    await policy(signed);
    sign(digest);
    await pull();
    await run(name());
  });

  describe("of an index", () => {
    let index: Descriptor;
    let samples: readonly SampleImage[];
    let images: readonly Digest[];
    beforeEach(() => {
      samples = ["amd64", "arm64"].map((architecture) =>
        sampleImage({ architecture, layers: [{ [architecture]: "" }] }),
      );
      images = samples.map(({ manifest }) => sha256(JSON.stringify(manifest)));
      index = serveIndex(registry, samples);
    });
    const pullAll = () => subject.images.pull(name(), { allPlatforms: true });

    it("takes a signature of the index for all of its images", async () => {
      await policy(signed);
      sign(index.digest);
      await pullAll();
      await run(name());
      await run(name(), arm64);
    });

    it("lets an image run by its id under no name that stands for another one", async () => {
      await policy(accept);
      await subject.images.pull(name(), { platform: amd64, allPlatforms: true });
      await subject.images.tag(name(), "0.example/other:1");
      await forget(`${registry.host}/`);
      const { manifest } = samples[0] as SampleImage;
      registry.putManifest("a/b", "single", manifest);
      const { image } = await pull("single");
      await scoped({ [`${registry.host}/a`]: accept });
      await run(image.id);
      // What only the other name stands for does not go by the name of this image.
      await assert.rejects(run(image.id, arm64), { code: "IMAGE_POLICY_REFUSED" });
    });

    it("finds by an id the name that is signed", async () => {
      await policy(accept);
      registry.putManifest("a/b", "single", (samples[0] as SampleImage).manifest);
      await pull("single");
      await subject.images.tag(name("single"), "0.example/other:1");
      await policy(signed);
      sign(index.digest);
      const { image } = await pull();
      await run(image.id);
    });

    it("is asked of what a copy takes of it: what may come in may run", async () => {
      await policy(signed);
      const copy = (all: boolean) =>
        subject.images.remote.copy(`docker://${name()}`, name("copy"), {
          platform: all ? undefined : arm64,
          all,
        });
      sign(index.digest);
      await assert.rejects(copy(false), { code: "IMAGE_POLICY_REFUSED" });
      assert.deepEqual(await subject.images.list(), []);
      await copy(true);
      await run(name("copy"));
      await subject.images.remove(name("copy"));
      sign(images[1] as Digest);
      await copy(false);
      await run(name("copy"), arm64);
    });

    it("takes a signature of the image that is chosen, for that one alone", async () => {
      await policy(signed);
      const [amd = sha256("")] = images;
      sign(amd);
      await subject.images.pull(name(), { platform: amd64, allPlatforms: true });
      await run(name());
      await assert.rejects(run(name(), arm64), { code: "IMAGE_POLICY_REFUSED" });
      await assert.rejects(subject.images.pull(name(), { platform: arm64 }), {
        code: "IMAGE_POLICY_REFUSED",
      });
    });
  });

  it("is asked of copies from a registry into the store, and of no others", async () => {
    const { digest } = serveImage(registry, sampleImage());
    await policy(signed);
    const source = `docker://${name()}`;
    const layout = `oci:${subject.root}/layout`;
    await assert.rejects(subject.images.remote.copy(source, "localhost/x:1"), {
      code: "IMAGE_POLICY_REFUSED",
    });
    await subject.images.remote.copy(source, layout);
    await subject.images.remote.copy(layout, "localhost/y:1");
    await assert.rejects(run("localhost/y:1"), { code: "IMAGE_POLICY_REFUSED" });
    sign(digest);
    await subject.images.remote.copy(source, name("copy"));
    await run(name("copy"));
  });

  it("lets run what the program brings along, and nothing that only has its name", async () => {
    const reference = { domain: "", path: "tug/hello", tag: "latest" };
    const brought = { reference, config: { architecture: "amd64", os: "linux" }, layers: [] };
    await policy(reject);
    await subject.images.importEmbedded(brought);
    await run("tug/hello");
    await subject.images.import(Readable.from([Buffer.alloc(1024)]), { name: "localhost/evil:1" });
    await subject.images.tag("localhost/evil:1", "tug/hello");
    await assert.rejects(run("tug/hello"), { code: "IMAGE_POLICY_REFUSED" });
  });

  it("refuses everything when it cannot be understood, or is not there", async () => {
    serveImage(registry, sampleImage());
    await policy(accept);
    await pull();
    for (const [text, message] of [
      ["{", /policy\.json#\/: it is no JSON/],
      ['{"default":[{"type":"accept"}]}', /policy\.json#\/default\/0\/type: /],
      [undefined, /policy\.json: it is not there$/],
    ] as const) {
      if (text === undefined) await rm(file);
      else await writeFile(file, text);
      for (const work of [pull, () => run(name())]) {
        await assert.rejects(work(), { code: "IMAGE_POLICY", message });
      }
    }
  });

  it("refuses what it cannot check, and keys that are none", async () => {
    serveImage(registry, sampleImage());
    await policy({ type: "signedBaseLayer", baseLayerIdentity: { type: "matchExact" } });
    await assert.rejects(pull(), refusal("pull", name(), "asks for signedBaseLayer, which tug cannot check"));
    await policy({ type: "sigstoreSigned", keyPath: "/missing.pub" });
    await assert.rejects(pull(), {
      code: "IMAGE_POLICY",
      message: /#\/default\/0: \/missing\.pub is not there$/,
    });
    await policy({ type: "sigstoreSigned", keyData: Buffer.from("no key").toString("base64") });
    await assert.rejects(pull(), { code: "IMAGE_POLICY", message: /it is no PEM file with one key$/ });
  });

  it("is met by one of several keys, and only by all of several requirements", async () => {
    const { digest } = serveImage(registry, sampleImage());
    const keyPath = join(subject.root, "other.pub");
    await writeFile(keyPath, otherKey.publicKey.pem);
    sign(digest);
    const { keyData, ...rest } = signed;
    const other = Buffer.from(otherKey.publicKey.pem).toString("base64");
    await policy({ ...rest, keyDatas: [other, keyData] });
    await pull();
    await policy(signed, { ...rest, keyPath });
    const reason = `#/default/1 wants it signed: its signature was not made with ${keyPath}`;
    await assert.rejects(run(name()), (error: Error) => error.message.endsWith(reason));
  });
});

it("images are opened without a policy by default, and with the first one that is there", async () => {
  await using registry = await startFakeRegistry();
  serveImage(registry, sampleImage());
  await using free = await openTestImages();
  await free.images.pull(`${registry.host}/a/b`);
  const second = join(free.root, "second.json");
  await writeFile(second, JSON.stringify({ default: [{ type: "reject" }] }));
  await using bound = await openTestImages({ policy: { firstOf: [join(free.root, "first.json"), second] } });
  await assert.rejects(bound.images.pull(`${registry.host}/a/b`), { code: "IMAGE_POLICY_REFUSED" });
});

it("a policy that is a link to nothing, or to itself, refuses everything", async () => {
  await using registry = await startFakeRegistry();
  serveImage(registry, sampleImage());
  const first = { firstOf: [""] };
  await using subject = await openTestImages({ policy: first });
  first.firstOf = [join(subject.root, "policy.json"), join(subject.root, "tug.db", "policy.json")];
  const file = join(subject.root, "policy.json");
  await subject.images.pull(`${registry.host}/a/b`);
  for (const target of ["missing.json", file]) {
    await symlink(target, file);
    await assert.rejects(subject.images.resolveToRun(`${registry.host}/a/b`), { code: "IMAGE_POLICY" });
    await assert.rejects(subject.images.pull(`${registry.host}/a/b`), { code: "IMAGE_POLICY" });
    await rm(file);
  }
  await subject.images.resolveToRun(`${registry.host}/a/b`);
});
