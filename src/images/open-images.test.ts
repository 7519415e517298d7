import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { sha256 } from "../base/index.ts";
import { writeTar } from "../tar/index.ts";
import { directoryNode, fileNode, readAll } from "../tar/testing/archives.ts";
import { encodeTree } from "./layers/records.ts";
import { openLeases } from "./leases.ts";
import { parseReference } from "./reference.ts";
import { collectBytes } from "./testing/collect.ts";
import { createMemoryTrees } from "./testing/memory-trees.ts";
import { openTestImages, type TestImages } from "./testing/open-images.ts";
import { layerArchive } from "./testing/sample-image.ts";

const embedded = { embedded: ["tug/hello"] };

describe("images", () => {
  let subject: TestImages;
  beforeEach(async () => {
    subject = await openTestImages();
  });
  afterEach(() => subject[Symbol.asyncDispose]());

  /** Puts in an image with layers of one file each. */
  async function put(name: string, ...layers: string[]) {
    return await subject.images.importEmbedded({
      reference: parseReference(name, embedded),
      config: { architecture: "amd64", os: "linux", config: { Cmd: ["/hello"] } },
      layers: layers.map((each) => layerArchive({ [each]: each })),
    });
  }
  const names = async () => (await subject.images.list()).map((each) => each.names).sort();

  describe("embedded", () => {
    it("go through the store and always get the same digests", async () => {
      const image = await put("tug/hello", "hello");
      assert.deepEqual(image.names, ["tug/hello:latest"]);
      const layer = sha256(layerArchive({ hello: "hello" }));
      const config = `{"architecture":"amd64","os":"linux","config":{"Cmd":["/hello"]},"rootfs":{"type":"layers","diff_ids":["${layer}"]}}`;
      assert.equal(image.id, sha256(config));
      assert.equal((await put("tug/hello", "hello")).manifest.digest, image.manifest.digest);
      assert.equal((await subject.contents()).blobs.length, 3);
      const { lowers } = await subject.images.prepareContainerSnapshot("c", image.chainIds.at(-1));
      assert.deepEqual(subject.files(lowers), { hello: "hello" });
    });

    it("may be made from files", async () => {
      const pieces = [
        { kind: "node" as const, node: directoryNode("bin") },
        { kind: "node" as const, node: fileNode("bin/x", { mode: 0o755, size: 2 }) },
        { kind: "data" as const, data: Buffer.from("hi") },
      ];
      const members = readAll(await collectBytes(writeTar(pieces)));
      assert.deepEqual(
        members.map(({ node }) => node.path),
        ["bin/", "bin/x"],
      );
    });
  });

  describe("are found", () => {
    it("by name, id and the beginning of an id", async () => {
      const image = await put("debian", "a");
      for (const query of [
        "debian",
        "debian:latest",
        "docker.io/library/debian",
        image.id,
        image.id.slice(7),
        image.id.slice(7, 15),
      ]) {
        assert.equal((await subject.images.get(query)).id, image.id, query);
      }
    });

    it("not by what they are not called", async () => {
      await put("debian", "a");
      for (const query of ["ubuntu", "debian:12", "f".repeat(64), "localhost/debian"]) {
        await assert.rejects(subject.images.get(query), { code: "IMAGE_NOT_FOUND", kind: "notFound" });
      }
      await assert.rejects(subject.images.get("UPPER"), { code: "IMAGE_REFERENCE" });
    });

    it("by a name before an id", async () => {
      const other = await put("debian", "b");
      const name = other.id.slice(7, 11);
      const image = await put(name, "a");
      assert.equal((await subject.images.get(name)).id, image.id);
      assert.equal((await subject.images.get(`sha256:${name}`)).id, other.id);
    });

    it("not by the beginning of several ids", async () => {
      const first = new Set<string>();
      let ambiguous: string | undefined;
      for (let index = 0; ambiguous === undefined; index += 1) {
        const digit = (await put(`i${index}`, `f${index}`)).id.slice(7, 8);
        if (first.has(digit)) ambiguous = digit;
        first.add(digit);
      }
      await assert.rejects(subject.images.get(`sha256:${ambiguous}`), { code: "IMAGE_AMBIGUOUS" });
    });
  });

  describe("tag", () => {
    it("gives a further name, also one that another image had", async () => {
      const one = await put("one", "1");
      const two = await put("two", "2");
      await subject.images.tag("one", "registry.example/x:y");
      await subject.images.tag("one", "two");
      assert.equal((await subject.images.get("two")).id, one.id);
      assert.deepEqual((await subject.images.get(two.id)).names, []);
      assert.deepEqual((await subject.images.get(one.id)).names.length, 3);
    });

    it("refuses what cannot be a tag", async () => {
      await put("one", "1");
      const digest = `x@sha256:${"f".repeat(64)}`;
      for (const name of [digest, "sha256:abc", "UPPER"]) {
        await assert.rejects(subject.images.tag("one", name), { code: "IMAGE_REFERENCE" });
      }
      await assert.rejects(subject.images.tag("none", "x"), { code: "IMAGE_NOT_FOUND" });
    });
  });

  describe("remove", () => {
    const running = () => [{ container: "abc", running: true }];
    const stopped = () => [{ container: "abc", running: false }];

    it("takes a name away, and the image with the last one", async () => {
      const image = await put("one", "1");
      await subject.images.tag("one", "two");
      assert.deepEqual(await subject.images.remove("one"), {
        untagged: ["docker.io/library/one:latest"],
        deleted: [],
      });
      assert.deepEqual(await subject.images.remove("two"), {
        untagged: ["docker.io/library/two:latest"],
        deleted: [image.id, ...image.chainIds],
      });
      assert.deepEqual(await subject.contents(), { blobs: [], ingests: [], snapshots: [] });
      await assert.rejects(subject.images.remove("two"), { code: "IMAGE_NOT_FOUND" });
    });

    it("keeps layers that another image has", async () => {
      await put("one", "shared", "1");
      const two = await put("two", "shared", "2");
      const { deleted } = await subject.images.remove("one");
      assert.equal(deleted.length, 2);
      const { lowers } = await subject.images.prepareContainerSnapshot("c", two.chainIds.at(-1));
      assert.deepEqual(subject.files(lowers), { shared: "shared", 2: "2" });
    });

    it("by id takes all names of one repository, and refuses several unless forced", async () => {
      const image = await put("one", "1");
      await subject.images.tag("one", "two");
      await assert.rejects(subject.images.remove(image.id), { code: "IMAGE_IN_USE", kind: "conflict" });
      const { untagged } = await subject.images.remove(image.id, { force: true });
      assert.equal(untagged.length, 2);
      assert.deepEqual(await subject.images.list(), []);
    });

    it("leaves an image that containers use", async () => {
      const image = await put("one", "1");
      for (const usedBy of [running, stopped]) {
        await assert.rejects(subject.images.remove("one", { usedBy }), { code: "IMAGE_IN_USE" });
        await assert.rejects(subject.images.remove(image.id, { usedBy }), { code: "IMAGE_IN_USE" });
      }
      await subject.images.tag("one", "two");
      assert.deepEqual((await subject.images.remove("two", { usedBy: running })).deleted, []);
    });

    it("by force leaves only what a running container uses", async () => {
      const image = await put("one", "1");
      const { untagged, deleted } = await subject.images.remove("one", { force: true, usedBy: running });
      assert.deepEqual([untagged.length, deleted.length], [1, 0]);
      assert.deepEqual((await subject.images.get(image.id)).names, []);
      await assert.rejects(subject.images.remove(image.id, { force: true, usedBy: running }), {
        code: "IMAGE_IN_USE",
      });
      const removed = await subject.images.remove(image.id, { force: true, usedBy: stopped });
      assert.ok(removed.deleted.includes(image.id));
    });
  });

  describe("prune", () => {
    it("removes images without a tag, and all unused ones if asked to", async () => {
      await put("one", "1");
      await put("two", "2");
      await put("used", "3");
      await subject.images.tag("one", "two");
      const used = (await subject.images.get("used")).id;
      const usedBy = (id: string) => (id === used ? [{ container: "c", running: false }] : []);
      const pruned = await subject.images.prune({ usedBy });
      assert.equal(pruned.deleted.length, 2);
      assert.ok(pruned.bytes > 0);
      assert.equal((await subject.images.list()).length, 2);
      await subject.images.prune({ all: true, usedBy });
      assert.deepEqual(await names(), [["docker.io/library/used:latest"]]);
    });
  });

  describe("containers", () => {
    it("keep what their image needs, names or not, until they go", async () => {
      const image = await put("one", "1", "2");
      await subject.images.prepareContainerSnapshot("c", image.chainIds.at(-1), {
        manifests: [image.manifest.digest],
      });
      await subject.images.remove("one", { force: true });
      assert.equal((await subject.contents()).blobs.length, 4);
      assert.equal((await subject.contents()).snapshots.length, 3);
      await subject.images.removeContainerSnapshot("c");
      await subject.images.removeContainerSnapshot("c");
      await subject.images.collectGarbage();
      assert.deepEqual(await subject.contents(), { blobs: [], ingests: [], snapshots: [] });
    });

    it("get the same mounts after a restart, and as predicted", async () => {
      const image = await put("one", "1", "2");
      const predicted = subject.images.predictContainerSnapshot("c", image.chainIds.at(-1));
      const mounts = await subject.images.prepareContainerSnapshot("c", image.chainIds.at(-1));
      assert.deepEqual(mounts, predicted);
      assert.deepEqual((await subject.reopen()).containerMounts("c"), mounts);
    });

    it("that could not be made keep nothing", async () => {
      const image = await put("one", "1");
      await subject.images.prepareContainerSnapshot("c", image.chainIds[0], {
        manifests: [image.manifest.digest],
      });
      await assert.rejects(subject.images.prepareContainerSnapshot("c", image.chainIds[0]), {
        kind: "conflict",
      });
      const missing = subject.images.prepareContainerSnapshot("d", image.id, {
        manifests: [image.manifest.digest],
      });
      await assert.rejects(missing, { code: "IMAGE_SNAPSHOT_NOT_FOUND" });
      await subject.images.removeContainerSnapshot("c");
      await subject.images.remove("one");
      assert.deepEqual((await subject.contents()).blobs, []);
    });

    it("are measured", async () => {
      const { upper = "" } = await subject.images.prepareContainerSnapshot("c");
      const data = [
        { kind: "node" as const, node: fileNode("f", { size: 5000 }) },
        { kind: "data" as const, data: Buffer.alloc(5000) },
      ];
      await subject.trees.unpack(upper, encodeTree(data));
      assert.deepEqual(await subject.images.containerUsage("c"), { bytes: 4096 + 8192, inodes: 2 });
    });
  });

  it("keep what is retained, without a name and over restarts, until it is released", async () => {
    const image = await put("one", "1");
    await subject.images.retain("mine", image.manifest.digest);
    await subject.images.remove("one");
    let images = await subject.reopen();
    await images.collectGarbage();
    const { blobs, snapshots } = await subject.contents();
    assert.deepEqual([blobs.length, snapshots.length], [3, 1]);
    images.release("mine");
    images.release("unknown");
    images = await subject.reopen();
    await images.collectGarbage();
    assert.deepEqual(await subject.contents(), { blobs: [], ingests: [], snapshots: [] });
  });

  describe("resolve", () => {
    it("unpacks again what is only in the content store", async () => {
      const image = await put("one", "1", "2");
      subject.database.sql.exec("DELETE FROM snapshots");
      const images = await subject.reopen();
      const resolved = await images.resolve("one");
      assert.deepEqual(resolved.chainIds, image.chainIds);
      const { lowers } = await images.prepareContainerSnapshot("c", resolved.chainIds.at(-1));
      assert.deepEqual(subject.files(lowers), { 1: "1", 2: "2" });
    });

    it("refuses another platform", async () => {
      await put("one", "1");
      await subject.images.resolve("one", { os: "linux", architecture: "amd64" });
      const other = subject.images.resolve("one", { os: "linux", architecture: "arm64" });
      await assert.rejects(other, { code: "IMAGE_PLATFORM" });
      await assert.rejects(subject.images.resolve("none"), { code: "IMAGE_NOT_FOUND" });
    });
  });

  it("are listed and can be removed beside one that is damaged", async () => {
    const image = await put("one", "1");
    await put("two", "2");
    await writeFile(join(subject.root, "content/blobs/sha256", image.id.slice(7)), "damage");
    assert.deepEqual(await names(), [["docker.io/library/two:latest"]]);
    await assert.rejects(subject.images.get("one"), { code: "IMAGE_CONTENT_CORRUPT" });
    await subject.images.remove("one");
    await subject.images.remove("two");
    assert.deepEqual((await subject.contents()).blobs, []);
  });

  it("are as they were after a restart", async () => {
    await put("one", "1");
    const before = await subject.images.list();
    assert.deepEqual(await (await subject.reopen()).list(), before);
  });

  it("drop at open what a pull that was killed had begun", async () => {
    const image = await put("one", "1");
    openLeases(subject.database).temporary();
    const leases = openLeases(subject.database).temporary();
    await leases.retain({ kind: "blob", resource: image.id });
    subject.database.sql.exec(
      "UPDATE snapshots SET kind = 'active', key = 'unpack x' WHERE key LIKE 'sha256:%'",
    );
    const images = await subject.reopen();
    assert.deepEqual((await subject.contents()).snapshots, []);
    await images.remove("one");
    assert.deepEqual((await subject.contents()).blobs, []);
  });

  it("give trees as archives", async () => {
    const trees = createMemoryTrees();
    await trees.unpack("/x", encodeTree([{ kind: "node", node: directoryNode("a") }]));
    const members = readAll(await collectBytes(subject.images.exportTar(trees.pack("/x", {}))));
    assert.deepEqual(
      members.map(({ node }) => node.path),
      ["./", "a/"],
    );
  });
});
