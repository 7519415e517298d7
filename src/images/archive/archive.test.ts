import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { sha256 } from "../../base/index.ts";
import { mediaTypes } from "../../specs/index.ts";
import { archiveOf, fileNode, readAll, symlinkNode } from "../../tar/testing/archives.ts";
import { collectBytes } from "../testing/collect.ts";
import { openTestImages, type TestImages } from "../testing/open-images.ts";
import { layerArchive, type SampleImage, sampleImage } from "../testing/sample-image.ts";

const nothing = { blobs: [], ingests: [], snapshots: [] };
const sample = sampleImage({ layers: [{ a: "1" }, { b: "2" }] });

async function* inPieces(data: Uint8Array, length = 1000) {
  for (let at = 0; at < data.length; at += length) yield data.subarray(at, at + length);
}

type Files = Record<string, string | Buffer>;

/** The files of an OCI layout. */
function layoutFiles(images: readonly SampleImage[], annotations: Record<string, string>[] = []): Files {
  const files: Files = { "oci-layout": JSON.stringify({ imageLayoutVersion: "1.0.0" }) };
  const manifests = images.map((image, index) => {
    const data = Buffer.from(JSON.stringify(image.manifest));
    for (const blob of [...image.blobs.values(), data]) files[`blobs/sha256/${sha256(blob).slice(7)}`] = blob;
    const descriptor = { mediaType: image.manifest.mediaType, digest: sha256(data), size: data.length };
    return { ...descriptor, annotations: annotations[index] ?? {} };
  });
  files["index.json"] = JSON.stringify({ schemaVersion: 2, manifests });
  return files;
}

function archiveFiles(files: Files): Buffer {
  return archiveOf(
    Object.entries(files).map(([path, data]) => ({
      node: fileNode(path),
      data: Buffer.from(data).toString("latin1"),
    })),
  );
}

/** What `docker save` wrote before it wrote layouts. */
function dockerFiles(tags: string[] | null = ["sample:1"]): Files {
  const [first, second] = sample.manifest.layers.map(({ digest }) => sample.blobs.get(digest) as Buffer);
  return {
    [`${sample.id.slice(7)}.json`]: sample.blobs.get(sample.id) as Buffer,
    "one/layer.tar": layerArchive({ a: "1" }),
    "one/VERSION": "1.0",
    "two/layer.tar": second ?? "",
    "three/layer.tar": first ?? "",
    "manifest.json": JSON.stringify([
      { Config: `${sample.id.slice(7)}.json`, RepoTags: tags, Layers: ["one/layer.tar", "two/layer.tar"] },
    ]),
  };
}

describe("load", () => {
  let subject: TestImages;
  beforeEach(async () => {
    subject = await openTestImages();
  });
  afterEach(() => subject[Symbol.asyncDispose]());
  const load = (files: Files | Buffer) =>
    subject.images.load(inPieces(Buffer.isBuffer(files) ? files : archiveFiles(files)));
  const fullName = (ref: string) => ({
    "io.containerd.image.name": ref,
    "org.opencontainers.image.ref.name": "x",
  });

  it("takes an OCI archive with the names that Docker and containerd write", async () => {
    const loaded = await load(layoutFiles([sample], [fullName("docker.io/library/sample:1")]));
    assert.deepEqual(
      loaded.map(({ names }) => names),
      [["docker.io/library/sample:1"]],
    );
    const image = await subject.images.get("sample:1");
    assert.equal(image.id, sample.id);
    assert.deepEqual(image.digests, []);
    const { lowers } = await subject.images.prepareContainerSnapshot("c", image.chainIds.at(-1));
    assert.deepEqual(subject.files(lowers), { a: "1", b: "2" });
  });

  it("takes a reference name that is more than a tag, and leaves an image without one unnamed", async () => {
    const other = sampleImage({ layers: [{ other: "1" }] });
    const refs = ["localhost:5000/x:2", "latest"].map((ref) => ({
      "org.opencontainers.image.ref.name": ref,
    }));
    const loaded = await load(layoutFiles([sample, other], refs));
    assert.deepEqual(
      loaded.map(({ names }) => names),
      [["localhost:5000/x:2"], []],
    );
    assert.deepEqual((await subject.images.get(other.id)).names, []);
  });

  it("takes a compressed archive", async () => {
    await load(gzipSync(archiveFiles(layoutFiles([sample]))));
    assert.equal((await subject.images.list()).length, 1);
  });

  it("takes an archive of docker save, and makes the same image of it every time", async () => {
    const [first] = await load(dockerFiles());
    assert.equal(first?.record.id, sample.id);
    assert.deepEqual(first.names, ["docker.io/library/sample:1"]);
    await using other = await openTestImages();
    const [second] = await other.images.load(inPieces(archiveFiles(dockerFiles()), 77));
    assert.deepEqual(second, first);
    const image = await subject.images.get(sample.id);
    assert.deepEqual(
      image.layers.map(({ mediaType }) => mediaType),
      [mediaTypes.layer, mediaTypes.layerGzip],
    );
  });

  it("follows the links by which old archives share layers", async () => {
    const files = dockerFiles();
    delete files["one/layer.tar"];
    const archive = Buffer.concat([
      archiveFiles(files).subarray(0, -1024),
      archiveOf([
        { node: fileNode("zero/layer.tar"), data: layerArchive({ a: "1" }).toString("latin1") },
        { node: symlinkNode("one/layer.tar", "../zero/layer.tar") },
      ]),
    ]);
    assert.equal((await load(archive))[0]?.record.id, sample.id);
  });

  it("keeps only what the images need", async () => {
    await load(dockerFiles(null));
    await subject.images.collectGarbage();
    assert.equal((await subject.contents()).blobs.length, 4);
  });

  it("takes the image of an index that is there", async () => {
    const arm = sampleImage({ layers: [{ arm: "1" }], architecture: "arm64" });
    const files = layoutFiles([arm]);
    const { manifests } = JSON.parse(String(files["index.json"]));
    const absent = { mediaType: mediaTypes.manifest, digest: sha256("x"), size: 1 };
    const platform = (architecture: string) => ({ os: "linux", architecture });
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.index,
        manifests: [
          { ...absent, platform: platform("amd64") },
          { ...manifests[0], platform: platform("arm64") },
        ],
      }),
    );
    files[`blobs/sha256/${sha256(index).slice(7)}`] = index;
    const top = { mediaType: mediaTypes.index, digest: sha256(index), size: index.length };
    files["index.json"] = JSON.stringify({ schemaVersion: 2, manifests: [top] });
    assert.equal((await load(files))[0]?.record.id, arm.id);
  });

  describe("leaves nothing behind after", () => {
    const cases: Record<string, [() => Files | Buffer, object]> = {
      "a blob that is not its name": [
        () => {
          const files = layoutFiles([sample]);
          const name = Object.keys(files).find((each) => each.startsWith("blobs/")) ?? "";
          return { ...files, [name]: "something else" };
        },
        { kind: "dataLoss" },
      ],
      "a blob that is missing": [
        () => {
          const files = layoutFiles([sample]);
          delete files[`blobs/sha256/${sample.manifest.layers[0]?.digest.slice(7)}`];
          return files;
        },
        { code: "IMAGE_INCOMPLETE" },
      ],
      "a layer that is missing": [
        () => {
          const files = dockerFiles();
          delete files["two/layer.tar"];
          return files;
        },
        { code: "IMAGE_INCOMPLETE", message: /manifest\.json names "two\/layer\.tar"/ },
      ],
      "a layer that is another one": [
        () => ({ ...dockerFiles(), "two/layer.tar": layerArchive({ x: "y" }) }),
        { code: "IMAGE_DIFF_ID" },
      ],
      "a hostile layer": [
        () => layoutFiles([sampleImage({ archives: [archiveOf([{ node: fileNode("../x") }])] })]),
        { code: "IMAGE_LAYER_ENTRY" },
      ],
      "half an archive": [
        () => archiveFiles(layoutFiles([sample])).subarray(0, 2500),
        { code: "TAR_ARCHIVE" },
      ],
      "no archive": [() => Buffer.alloc(3000, "x"), { code: "TAR_ARCHIVE" }],
      "an archive of something else": [
        () => ({ "etc/passwd": "root" }),
        { code: "IMAGE_ARCHIVE", hint: /^load takes archives of docker save/ },
      ],
      "an empty archive": [() => Buffer.alloc(1024), { code: "IMAGE_ARCHIVE" }],
      "a layout without images": [() => layoutFiles([]), { code: "IMAGE_INCOMPLETE" }],
      "a layout without its marker": [
        () => {
          const files = layoutFiles([sample]);
          delete files["oci-layout"];
          return files;
        },
        { code: "OCI_IMAGE_JSON" },
      ],
      "documents with wrong types": [
        () => ({ ...layoutFiles([sample]), "index.json": '{"schemaVersion": 2, "manifests": {}}' }),
        { code: "OCI_IMAGE_INVALID" },
      ],
    };
    for (const [what, [make, expected]] of Object.entries(cases)) {
      it(what, async () => {
        await assert.rejects(load(make()), expected);
        assert.deepEqual(await subject.contents(), nothing);
        assert.deepEqual(await subject.images.list(), []);
      });
    }

    it("a source that breaks", async () => {
      const data = archiveFiles(layoutFiles([sample]));
      async function* broken() {
        yield data.subarray(0, 1500);
        throw new Error("the client went away");
      }
      await assert.rejects(subject.images.load(broken()), /went away/);
      assert.deepEqual((await subject.contents()).ingests, []);
    });
  });

  it("leaves the images that were there, with all they need", async () => {
    await load(layoutFiles([sample], [fullName("docker.io/library/sample:1")]));
    const before = await subject.contents();
    const hostile = sampleImage({
      archives: [layerArchive({ a: "1" }), archiveOf([{ node: fileNode("../x") }])],
    });
    await assert.rejects(load(layoutFiles([hostile])));
    assert.deepEqual(await subject.contents(), before);
  });
});

describe("save", () => {
  let subject: TestImages;
  let directory: string;
  beforeEach(async () => {
    subject = await openTestImages();
    directory = await mkdtemp(join(tmpdir(), "tug-save-"));
    await subject.images.load(inPieces(archiveFiles(dockerFiles(["sample:1", "localhost/other:2"]))));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
    await subject[Symbol.asyncDispose]();
  });
  const save = async (...queries: string[]) => await collectBytes(await subject.images.save(queries));

  it("writes an archive that is a layout and one of Docker", async () => {
    const members = readAll(await save("sample:1"));
    const text = (name: string) =>
      JSON.parse(members.find(({ node }) => node.path === name)?.data.toString() ?? "");
    const [entry] = text("manifest.json");
    assert.deepEqual(entry.RepoTags, ["sample:1"]);
    assert.equal(entry.Config, `blobs/sha256/${sample.id.slice(7)}`);
    assert.deepEqual(text("oci-layout"), { imageLayoutVersion: "1.0.0" });
    assert.deepEqual(text("index.json").manifests[0].annotations, {
      "io.containerd.image.name": "docker.io/library/sample:1",
      "org.opencontainers.image.ref.name": "1",
    });
    const names = members.map(({ node }) => node.path);
    for (const name of [entry.Config, ...entry.Layers]) assert.ok(names.includes(name), name);
    for (const { node, data } of members.filter((each) => each.node.path.startsWith("blobs/sha256/"))) {
      if (node.type === "file") assert.equal(sha256(data).slice(7), node.path.slice("blobs/sha256/".length));
    }
  });

  it("writes the same bytes every time", async () => {
    assert.deepEqual(await save("sample:1"), await save("sample:1"));
  });

  it("writes what load takes, with the same digests and names", async () => {
    const archive = await save("sample:1", "localhost/other:2");
    await using other = await openTestImages();
    await other.images.load(inPieces(archive));
    const [original, copy] = [await subject.images.get(sample.id), await other.images.get(sample.id)];
    assert.deepEqual(copy.names, original.names);
    assert.deepEqual(copy.manifest, original.manifest);
    const needed = [copy.manifest, copy.configuration, ...copy.layers].map(({ digest }) => digest.slice(7));
    assert.deepEqual((await other.contents()).blobs.sort(), needed.sort());
  });

  it("takes no names along for an id, and all tags for a repository", async () => {
    const manifestOf = async (query: string) =>
      JSON.parse(
        readAll(await save(query))
          .find(({ node }) => node.path === "manifest.json")
          ?.data.toString() ?? "",
      );
    await subject.images.tag("sample:1", "sample:two");
    assert.deepEqual((await manifestOf(sample.id))[0].RepoTags, []);
    assert.deepEqual((await manifestOf("sample"))[0].RepoTags, ["sample:1", "sample:two"]);
  });

  it("refuses an image that is not there before it writes", async () => {
    await assert.rejects(subject.images.save(["sample:1", "missing"]), { code: "IMAGE_NOT_FOUND" });
  });

  it("does not pass on a damaged blob", async () => {
    const [layer] = (await subject.images.get("sample:1")).layers;
    const path = join(subject.root, "content/blobs/sha256", layer?.digest.slice(7) ?? "");
    await writeFile(path, Buffer.alloc(layer?.size ?? 0, "z"));
    await assert.rejects(save("sample:1"), { code: "IMAGE_CONTENT_CORRUPT" });
  });

  it("writes a layout into a directory that loadLayout takes", async () => {
    const target = join(directory, "new/layout");
    await subject.images.saveLayout(["sample:1"], target);
    await subject.images.saveLayout(["localhost/other:2"], target);
    assert.deepEqual((await readdir(target)).sort(), ["blobs", "index.json", "oci-layout"]);
    await using other = await openTestImages();
    const loaded = await other.images.loadLayout(target);
    assert.deepEqual(
      loaded.flatMap(({ names }) => names),
      ["docker.io/library/sample:1", "localhost/other:2"],
    );
    assert.equal((await other.images.get("sample:1")).id, sample.id);
  });

  it("leaves a directory alone that is something else", async () => {
    await writeFile(join(directory, "precious"), "data");
    await assert.rejects(subject.images.saveLayout(["sample:1"], directory), { code: "IMAGE_ARCHIVE" });
    assert.deepEqual(await readdir(directory), ["precious"]);
  });

  it("is not misled by a layout whose blobs are no files", async () => {
    await subject.images.saveLayout(["sample:1"], directory);
    const blob = join(directory, "blobs/sha256", sample.id.slice(7));
    await rm(blob);
    await mkdir(blob);
    await using other = await openTestImages();
    await assert.rejects(other.images.loadLayout(directory), { code: "IMAGE_INCOMPLETE" });
    await assert.rejects(other.images.loadLayout(join(directory, "missing")), { code: "IMAGE_ARCHIVE" });
    assert.deepEqual(await other.contents(), nothing);
  });

  it("keeps the store a layout that lists its images", async () => {
    const index = JSON.parse(await readFile(join(subject.root, "content/index.json"), "utf8"));
    assert.deepEqual(
      index.manifests.map((each: { annotations: Record<string, string> }) => Object.values(each.annotations)),
      [["docker.io/library/sample:1"], ["localhost/other:2"]],
    );
  });
});
