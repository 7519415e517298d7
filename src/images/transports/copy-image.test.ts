import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { type Descriptor, mediaTypes } from "../../specs/index.ts";
import type { PushProgressEvent } from "../push/push-progress.ts";
import { type FakeRegistry, refuse, startFakeRegistry } from "../testing/fake-registry.ts";
import { openTestImages, type TestImages } from "../testing/open-images.ts";
import { type SampleImage, sampleImage, serveImage } from "../testing/sample-image.ts";
import type { CopyPlacesRequest } from "./copy-places.ts";

const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64" };

describe("copy", () => {
  let from: FakeRegistry;
  let to: FakeRegistry;
  let subject: TestImages;
  let directory: string;
  let images: SampleImage[];
  let manifests: Descriptor[];
  let index: Descriptor;
  beforeEach(async () => {
    [from, to] = [await startFakeRegistry(), await startFakeRegistry()];
    subject = await openTestImages();
    directory = await mkdtemp(join(tmpdir(), "tug-copy-"));
    images = [
      sampleImage({ layers: [{ a: "amd" }, { b: "both" }] }),
      sampleImage({ layers: [{ a: "arm" }, { b: "both" }], architecture: "arm64" }),
    ];
    manifests = images.map((image, place) => ({
      ...serveImage(from, image, `part-${place}`),
      platform: { os: "linux", architecture: image.config.architecture },
    }));
    index = from.putManifest("a/b", "latest", { schemaVersion: 2, mediaType: mediaTypes.index, manifests });
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
    for (const registry of [from, to]) await registry[Symbol.asyncDispose]();
  });
  const source = () => `docker://${from.host}/a/b:latest`;
  const target = (tag = "1") => `docker://${to.host}/c/d:${tag}`;
  const path = (name: string) => join(directory, name);
  const copy = (a: string, b: string, request: CopyPlacesRequest = {}) =>
    subject.images.remote.copy(a, b, request);

  for (const [what, place] of [
    ["a layout", (at: string) => `oci:${at}:name`],
    ["an archive of a layout", (at: string) => `oci-archive:${at}:name`],
    ["a directory", (at: string) => `dir:${at}`],
    ["the store", () => "localhost/stored:1"],
  ] as const) {
    it(`takes an index by way of ${what} with equal digests`, async () => {
      const between = place(path("between"));
      const first = await copy(source(), between, { all: true });
      assert.deepEqual(first, { digest: index.digest, size: index.size, changed: true });
      const second = await copy(between, target(), { all: true });
      assert.deepEqual(second, first);
      assert.equal(to.tagged("c/d", "1"), index.digest);
      for (const image of images) {
        for (const [digest, data] of image.blobs) assert.deepEqual(to.blob(digest), data);
      }
    });
  }

  for (const [what, place] of [
    ["a layout", (at: string) => `oci:${at}`],
    ["an archive for Docker", (at: string) => `docker-archive:${at}:localhost/x:1`],
    ["a directory", (at: string) => `dir:${at}`],
  ] as const) {
    it(`takes one image of an index by way of ${what} with equal digests`, async () => {
      const between = place(path("between"));
      assert.equal((await copy(source(), between, { platform: arm64 })).digest, manifests[1]?.digest);
      assert.equal((await copy(between, target())).digest, manifests[1]?.digest);
      const { config } = await subject.images.remote.look(between);
      assert.deepEqual(Buffer.from(config), images[1]?.blobs.get(images[1].id));
    });
  }

  it("streams from registry to registry past the store, and sends nothing twice", async () => {
    await copy(source(), target(), { platform: amd64 });
    assert.deepEqual(await subject.contents(), { blobs: [], ingests: [], snapshots: [] });
    const before = [from.requests.length, to.requests.length];
    const again = await copy(source(), target(), { platform: amd64 });
    assert.equal(again.changed, false);
    assert.deepEqual(
      [from.requests.length - (before[0] ?? 0), to.requests.slice(before[1])],
      [2, ["HEAD /v2/c/d/manifests/1"]],
    );
    const events: PushProgressEvent[] = [];
    await copy(source(), target("2"), {
      platform: arm64,
      onProgress: (event: PushProgressEvent) => void events.push(event),
    });
    const [own, shared] = images[1]?.manifest.layers ?? [];
    const statusOf = (layer: Descriptor | undefined) =>
      events.findLast(({ id }) => id === layer?.digest)?.status;
    assert.deepEqual([statusOf(own), statusOf(shared)], ["pushed", "exists"]);
  });

  it("gives an image no digest but its own", async () => {
    const { digest } = manifests[1] as Descriptor;
    await assert.rejects(copy(source(), `a.example/app:1@${index.digest}`, { platform: arm64 }), {
      code: "IMAGE_PLACE",
      message: new RegExp(`the image is ${digest}$`),
    });
    await assert.rejects(copy(source(), "sha256:abc"), { code: "IMAGE_REFERENCE" });
    assert.deepEqual(await subject.images.list(), []);
    await copy(source(), `a.example/app:1@${digest}`, { platform: arm64 });
    const [image] = await subject.images.list();
    assert.deepEqual([image?.names, image?.digests], [[], [`a.example/app@${digest}`]]);
  });

  it("asks a registry for each document once", async () => {
    const names = [`docker://${from.host}/a/b:latest`, `docker://${from.host}/a/b:part-1`];
    for (const [at, name] of names.entries()) {
      const before = from.requests.length;
      await copy(name, `localhost/${at}:1`, { platform: arm64 });
      const asked = from.requests.slice(before).filter((each) => /^GET .*manifests/.test(each));
      assert.deepEqual(asked, [...new Set(asked)]);
    }
  });

  it("reads from the store what is there already", async () => {
    await subject.images.pull(`${from.host}/a/b:latest`, { platform: amd64 });
    const before = from.requests.length;
    await copy(source(), target(), { platform: amd64 });
    assert.equal(from.requests.slice(before).filter((each) => each.includes("/blobs/")).length, 0);
  });

  it("mounts within a registry", async () => {
    from.faults.push((request, response) => {
      const isAsked = request.method === "HEAD" && request.url?.startsWith("/v2/x/y/blobs");
      return isAsked === true && refuse(response, 404, "X");
    });
    await copy(source(), `docker://${from.host}/x/y:1`, { platform: amd64 });
    assert.equal(from.requests.filter((each) => each.includes("from=a%2Fb")).length, 3);
    assert.equal(from.requests.filter((each) => /^GET .*blobs/.test(each)).length, 0);
  });

  it("makes an image in the store that can be run", async () => {
    await copy(source(), "localhost/stored:1", { platform: arm64 });
    const image = await subject.images.get("localhost/stored:1");
    assert.equal(image.id, images[1]?.id);
    const { lowers } = await subject.images.prepareContainerSnapshot("c", image.chainIds.at(-1));
    assert.deepEqual(subject.files(lowers), { a: "arm", b: "both" });
  });

  it("adds to a layout, and replaces what had the name", async () => {
    await copy(source(), `oci:${path("l")}:one`, { platform: amd64 });
    await copy(source(), `oci:${path("l")}:two`, { platform: arm64 });
    await copy(source(), `oci:${path("l")}:one`, { all: true });
    const { manifests: listed } = JSON.parse(await readFile(join(path("l"), "index.json"), "utf8"));
    assert.deepEqual(
      listed.map((each: Descriptor) => each.digest),
      [manifests[1]?.digest, index.digest],
    );
    await assert.rejects(copy(`oci:${path("l")}`, target()), {
      code: "IMAGE_NOT_FOUND",
      message: /it has several images$/,
      hint: "it has two, one",
    });
    await assert.rejects(copy(`oci:${path("l")}:three`, target()), { code: "IMAGE_NOT_FOUND" });
  });

  it("reads compressed archives", async () => {
    await copy(source(), `oci-archive:${path("a.tar")}`, { platform: amd64 });
    await writeFile(path("a.tar.gz"), gzipSync(await readFile(path("a.tar"))));
    assert.equal((await copy(`oci-archive:${path("a.tar.gz")}`, target())).digest, manifests[0]?.digest);
  });

  it("looks at an image without its layers", async () => {
    const { root, raw, manifest, config } = await subject.images.remote.look(source(), { platform: arm64 });
    assert.deepEqual([root.digest, JSON.parse(String(raw)).manifests.length], [index.digest, 2]);
    assert.deepEqual(JSON.parse(String(manifest)), images[1]?.manifest);
    assert.deepEqual(JSON.parse(String(config)), images[1]?.config);
    assert.equal(from.requests.filter((each) => each.includes("/blobs/")).length, 1);
    assert.equal(await subject.images.remote.digest(source()), index.digest);
  });

  it("lists the tags of a repository, and deletes what one stands for", async () => {
    assert.deepEqual(await subject.images.remote.tags(source()), ["latest", "part-0", "part-1"]);
    assert.equal(await subject.images.remote.delete(source()), index.digest);
    assert.deepEqual(await subject.images.remote.tags(`${from.host}/a/b`), ["part-0", "part-1"]);
  });

  describe("refuses", () => {
    it("an archive that is there already, and leaves it alone", async () => {
      await writeFile(path("a.tar"), "mine");
      await assert.rejects(copy(source(), `oci-archive:${path("a.tar")}`), { code: "IMAGE_ARCHIVE" });
      assert.equal(await readFile(path("a.tar"), "utf8"), "mine");
    });

    it("an index for a place that holds one image", async () => {
      await assert.rejects(copy(source(), `docker-archive:${path("a.tar")}`, { all: true }), {
        code: "IMAGE_PLACE",
        message: /the target holds one image, no index$/,
      });
    });

    it("bytes that are others than their digest says, and leaves nothing behind", async () => {
      const [layer] = images[0]?.manifest.layers ?? [];
      from.faults.push((request, response) => {
        if (!request.url?.endsWith(layer?.digest ?? "")) return false;
        response.end(Buffer.alloc(layer?.size ?? 0));
        return true;
      });
      for (const place of [
        `oci:${path("l")}:x`,
        `oci-archive:${path("a.tar")}`,
        `dir:${path("d")}`,
        target(),
      ]) {
        await assert.rejects(copy(source(), place, { platform: amd64 }), { kind: "dataLoss" }, place);
      }
      assert.equal(to.tagged("c/d", "1"), undefined);
      assert.deepEqual(
        (await readdir(directory, { recursive: true })).filter((name) => /index|manifest|tar|tmp/.test(name)),
        [],
      );
    });

    it("archives that are cut off, or none", async () => {
      await copy(source(), `oci-archive:${path("a.tar")}`, { platform: amd64 });
      const data = await readFile(path("a.tar"));
      await writeFile(path("cut.tar"), data.subarray(0, 1500));
      await writeFile(path("none.tar"), "this is no archive at all".repeat(100));
      for (const name of ["cut.tar", "none.tar", "missing.tar", "."]) {
        await assert.rejects(copy(`oci-archive:${path(name)}`, target()), { kind: "invalid" }, name);
      }
    });

    it("a digest that the image has not", async () => {
      await assert.rejects(copy(source(), `docker://${to.host}/c/d@${index.digest}`, { platform: amd64 }), {
        code: "IMAGE_PLACE",
      });
    });
  });
});
