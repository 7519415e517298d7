import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Digest, sha256 } from "../../base/index.ts";
import { formatPayload, type ImageSignature, maxPayload, maxSignatures } from "../../signatures/index.ts";
import { type Descriptor, mediaTypes } from "../../specs/index.ts";
import { type FakeRegistry, startFakeRegistry } from "../testing/fake-registry.ts";
import { openTestImages, type TestImages } from "../testing/open-images.ts";
import { sampleImage, serveImage } from "../testing/sample-image.ts";
import { signatureTag } from "./signature-names.ts";
import { createSignatureTable } from "./signature-table.ts";

const payloadType = "application/vnd.dev.cosign.simplesigning.v1+json";

/** Nothing here verifies them: any text will do. */
const signatureOf = (digest: Digest, text = "c2ln"): ImageSignature => ({
  payload: new Uint8Array(formatPayload({ name: "a/b", digest, optional: {} })),
  signature: text,
});

const plain = (signatures: readonly ImageSignature[]) =>
  signatures.map(({ payload, signature }) => ({ payload: String(Buffer.from(payload)), signature }));

describe("signatures beside images", () => {
  let registry: FakeRegistry;
  let subject: TestImages;
  let directory: string;
  let image: Descriptor;
  beforeEach(async () => {
    registry = await startFakeRegistry();
    subject = await openTestImages();
    directory = await mkdtemp(join(tmpdir(), "tug-signatures-"));
    image = serveImage(registry, sampleImage());
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
    await registry[Symbol.asyncDispose]();
  });
  const name = () => `${registry.host}/a/b:latest`;
  const remote = () => subject.images.remote;

  for (const [what, prepare, names] of [
    ["a registry", async () => `docker://${name()}`, () => [name()]],
    [
      "a layout",
      async () => {
        await remote().copy(`docker://${name()}`, `oci:${directory}/layout:x`);
        return `oci:${directory}/layout:x`;
      },
      () => [],
    ],
    [
      "the store",
      async () => {
        await subject.images.pull(name());
        return name();
      },
      () => [name()],
    ],
    [
      "a directory",
      async () => {
        await remote().copy(`docker://${name()}`, `dir:${directory}/dir`);
        return `dir:${directory}/dir`;
      },
      () => [],
    ],
  ] as const) {
    it(`lie in ${what}, as many as were put there`, async () => {
      const place = await prepare();
      const { digest } = image;
      assert.deepEqual(await remote().signatures(place), { digest, names: names(), signatures: [] });
      const [one, two] = [signatureOf(digest, "MQ=="), signatureOf(digest, "Mg==")];
      await remote().sign(place, one);
      await remote().sign(place, two);
      const found = await remote().signatures(place);
      assert.deepEqual(plain(found.signatures), plain([one, two]));
      assert.deepEqual([found.digest, found.names], [digest, names()]);
      await assert.rejects(remote().sign(place, signatureOf(sha256("other"))), {
        code: "IMAGE_PLACE",
        message: new RegExp(`it is ${digest}, and the signature is of ${sha256("other")}$`),
      });
      const nonsense = { payload: Buffer.from("{}"), signature: "" };
      await assert.rejects(remote().sign(place, nonsense), { code: "SIGNATURE_PAYLOAD" });
    });
  }

  it("are refused where nobody would look at them, and those that are there stay", async () => {
    await subject.images.pull(name());
    const texts = Array.from({ length: maxSignatures }, (_, at) => Buffer.from(`${at}`).toString("base64"));
    for (const text of texts) await remote().sign(name(), signatureOf(image.digest, text));
    await remote().copy(name(), `oci:${directory}/full:x`, { signatures: true });
    for (const place of [name(), `oci:${directory}/full:x`]) {
      await assert.rejects(remote().sign(place, signatureOf(image.digest, "bmV3")), {
        code: "IMAGE_CONFIGURATION",
        message: new RegExp(`^cannot add a signature to ${place}: it has ${maxSignatures}`),
      });
      await remote().sign(place, signatureOf(image.digest, texts[0]));
      assert.equal((await remote().signatures(place)).signatures.length, maxSignatures);
    }
  });

  it("in a registry are an image as cosign reads it, and keep what else is there", async () => {
    const blob = registry.putBlob("attestation");
    const layer = { mediaType: "application/x", ...blob, annotations: { a: "b" } };
    const config = { mediaType: mediaTypes.config, ...registry.putBlob("{}") };
    const tag = signatureTag(image.digest);
    assert.equal(tag, image.digest.replace(":", "-").concat(".sig"));
    registry.putManifest("a/b", tag, {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config,
      layers: [layer],
      annotations: { kept: "yes" },
    });
    const signature = signatureOf(image.digest);
    await remote().sign(`docker://${name()}`, signature);
    const found = await remote().look(`docker://${registry.host}/a/b:${tag}`);
    const document = JSON.parse(String(Buffer.from(found.raw)));
    assert.deepEqual(document.annotations, { kept: "yes" });
    assert.deepEqual(document.layers, [
      layer,
      {
        mediaType: payloadType,
        digest: sha256(signature.payload),
        size: signature.payload.length,
        annotations: { "dev.cosignproject.cosign/signature": "c2ln" },
      },
    ]);
    const { rootfs } = JSON.parse(String(Buffer.from(found.config)));
    assert.deepEqual(rootfs.diff_ids, [blob.digest, sha256(signature.payload)]);
  });

  it("that are put there at the same time are all there", async () => {
    const texts = ["MQ==", "Mg==", "Mw==", "NA=="];
    await remote().copy(`docker://${name()}`, `oci:${directory}/layout:x`);
    for (const place of [`docker://${name()}`, `oci:${directory}/layout:x`]) {
      await Promise.all(texts.map((text) => remote().sign(place, signatureOf(image.digest, text))));
      const { signatures } = await remote().signatures(place);
      assert.deepEqual(signatures.map(({ signature }) => signature).toSorted(), texts);
    }
  });

  it("do not make a layout one of several images", async () => {
    const layout = join(directory, "layout");
    await remote().copy(`docker://${name()}`, `oci:${layout}`);
    await remote().sign(`oci:${layout}`, signatureOf(image.digest));
    assert.equal(await remote().digest(`oci:${layout}`), image.digest);
    assert.equal((await remote().signatures(`oci:${layout}`)).signatures.length, 1);
    const loaded = await subject.images.loadLayout(layout);
    assert.deepEqual(
      loaded.map(({ record }) => record.target.digest),
      [image.digest],
    );
  });

  it("are found in a layout of cosign save, where they have no name", async () => {
    const layout = join(directory, "layout");
    await remote().copy(`docker://${name()}`, `oci:${layout}`);
    await remote().sign(`oci:${layout}`, signatureOf(image.digest));
    const index = JSON.parse(await readFile(join(layout, "index.json"), "utf8"));
    const kinds = ["image", "sigs"].map((kind) => ({ kind: `dev.cosignproject.cosign/${kind}` }));
    const manifests = index.manifests.map((each: object, at: number) => ({
      ...each,
      annotations: kinds[at],
    }));
    await writeFile(join(layout, "index.json"), JSON.stringify({ ...index, manifests }));
    const { digest, signatures } = await remote().signatures(`oci:${layout}`);
    assert.deepEqual([digest, signatures.length], [image.digest, 1]);
  });

  it("have no place in archives and daemons", async () => {
    for (const place of [`docker-archive:${directory}/x.tar`, "docker-daemon:x"]) {
      await assert.rejects(remote().signatures(place), {
        code: "IMAGE_PLACE",
        message: /^cannot use signatures of .*: nothing can lie beside an image there$/,
      });
    }
    await remote().copy(`docker://${name()}`, `oci-archive:${directory}/x.tar:x`);
    const archive = `oci-archive:${directory}/x.tar:x`;
    assert.deepEqual((await remote().signatures(archive)).signatures, []);
    await assert.rejects(remote().sign(archive, signatureOf(image.digest)), {
      code: "IMAGE_PLACE",
      message: /nothing can be added to an archive$/,
    });
  });

  it("in a registry may be bundles that refer to the image", async () => {
    const statement = Buffer.from("a statement").toString("base64");
    const payloadType = "application/vnd.in-toto+json";
    const mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
    const serve = (blob: object) => {
      const config = { mediaType: mediaTypes.empty, ...registry.putBlob("{}") };
      const layers = [{ mediaType, ...registry.putBlob(JSON.stringify(blob)) }];
      const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers, subject: image };
      return registry.putManifest("a/b", sha256(JSON.stringify(blob)), {
        ...manifest,
        artifactType: mediaType,
      });
    };
    const dsseEnvelope = { payload: statement, payloadType, signatures: [{ sig: "c2ln" }] };
    const manifests = [
      { ...serve({ mediaType, dsseEnvelope }), artifactType: mediaType },
      // Debian's registry does not list them itself, and cosign calls them what their configuration is.
      { ...serve({ mediaType, dsseEnvelope, more: 1 }), artifactType: mediaTypes.empty },
      { ...serve({ mediaType, messageSignature: {} }), artifactType: mediaType },
      { mediaType: mediaTypes.manifest, digest: sha256("missing"), size: 1, artifactType: "text/sbom" },
      { mediaType: mediaTypes.manifest, digest: sha256("gone"), size: 1, artifactType: mediaType },
    ];
    const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
    registry.putManifest("a/b", image.digest.replace(":", "-"), index);
    const { signatures } = await remote().signatures(`docker://${name()}`);
    const signed = { payload: `DSSEv1 28 ${payloadType} 11 a statement`, signature: "c2ln" };
    assert.deepEqual(plain(signatures), [signed, signed]);
    // What is signed here is put where all versions look for it.
    const [bundled] = signatures;
    const again = remote().sign(`docker://${name()}`, bundled ?? assert.fail());
    await assert.rejects(again, { code: "SIGNATURE_PAYLOAD" });
  });

  const serveSignatures = (layers: readonly object[]) => {
    const config = { mediaType: mediaTypes.config, ...registry.putBlob("{}") };
    const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers };
    registry.putManifest("a/b", signatureTag(image.digest), manifest);
  };

  it("are refused when there are more, or longer ones, than anybody has", async () => {
    const blob = registry.putBlob("x");
    const layer = { mediaType: payloadType, ...blob };
    serveSignatures(Array.from({ length: 101 }, () => layer));
    await assert.rejects(remote().signatures(`docker://${name()}`), {
      code: "IMAGE_CONFIGURATION",
      message: /there are 101 signatures, more than 100$/,
    });
    serveSignatures([{ ...layer, size: maxPayload + 1 }]);
    await assert.rejects(remote().signatures(`docker://${name()}`), {
      code: "IMAGE_CONFIGURATION",
      message: /a signature is about 65537 bytes$/,
    });
  });

  it("are refused when what was signed is not what the registry gives", async () => {
    serveSignatures([{ mediaType: payloadType, digest: sha256("one"), size: 3 }]);
    registry.faults.push((request, response) => {
      if (!request.url?.includes(sha256("one"))) return false;
      response.end("two");
      return true;
    });
    await assert.rejects(remote().signatures(`docker://${name()}`), { code: "IMAGE_CONTENT_DIGEST" });
  });

  it("in the store go with their image", async () => {
    await subject.images.pull(name());
    await remote().sign(name(), signatureOf(image.digest));
    const table = createSignatureTable(subject.database);
    await subject.images.collectGarbage();
    assert.deepEqual(table.subjects(), [image.digest]);
    await subject.images.remove(name(), { force: true });
    await subject.images.collectGarbage();
    assert.deepEqual(table.subjects(), []);
  });
});
