import assert from "node:assert/strict";
import { createReadStream, createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import {
  buildImage,
  debianProgram,
  dockerArchive,
  type ImageFixture,
  ociArchive,
  writeOciLayout,
} from "../environment/index.ts";
import { assertSameTree, listTree, openStore, requireHelper, run } from "./store.ts";

const skopeo = debianProgram("skopeo");
const umoci = debianProgram("umoci");
const skip = requireHelper() || skopeo.skip;
const policy = "--insecure-policy";

/** Three layers with whiteouts, opaque directories, links and attributes. */
const fixture: ImageFixture = {
  layers: [
    {
      entries: [
        { path: "etc", type: "directory", mode: 0o750 },
        { path: "etc/gone", content: "x" },
        { path: "etc/kept", content: "kept", mode: 0o4755, modified: 12345 },
        { path: "dir", type: "directory" },
        { path: "dir/below", content: "x" },
        { path: "old", type: "directory" },
        { path: "old/file", content: "x" },
      ],
    },
    {
      entries: [
        { path: "etc/.wh.gone", content: "" },
        { path: "dir", type: "directory", mode: 0o700 },
        { path: "dir/.wh..wh..opq", content: "" },
        { path: "dir/above", content: "above" },
        { path: ".wh.old", content: "" },
      ],
      compression: "zstd",
    },
    {
      entries: [
        { path: "old", content: "now a file", uid: 7, gid: 8 },
        { path: "link", type: "symlink", target: "etc/kept" },
        { path: "hard", content: "hard" },
        { path: "dir", type: "directory", mode: 0o711 },
        { path: "dir/hard", type: "hardlink", target: "hard" },
        { path: `dir/${"n".repeat(200)}`, content: "long" },
      ],
      compression: "none",
    },
  ],
};
const sample = buildImage(fixture);

async function manifestOf(source: string): Promise<string> {
  const { stdout } = await run(skopeo.path, [policy, "inspect", "--raw", source]);
  return stdout;
}

test("skopeo reads our store, and what we save as both kinds of archive and as a layout", {
  skip,
}, async () => {
  await using store = await openStore();
  await store.images.load(Readable.from([ociArchive({ "docker.io/library/sample:1": sample })]));
  const archive = join(store.path, "saved.tar");
  const layout = join(store.path, "layout");
  await pipeline(await store.images.save(["sample:1"]), createWriteStream(archive));
  await store.images.saveLayout(["sample:1"], layout);
  const manifest = String(sample.blobs.get(sample.manifest.digest));
  assert.equal(await manifestOf(`oci:${store.content}:docker.io/library/sample:1`), manifest);
  assert.equal(await manifestOf(`oci-archive:${archive}:1`), manifest);
  assert.equal(await manifestOf(`oci:${layout}:1`), manifest);
  const { stdout } = await run(skopeo.path, [policy, "inspect", "--config", `docker-archive:${archive}`]);
  assert.deepEqual(JSON.parse(stdout).rootfs.diff_ids, sample.diffIds);
  for (const source of [`oci:${store.content}:docker.io/library/sample:1`, `docker-archive:${archive}`]) {
    await run(skopeo.path, [
      policy,
      "copy",
      "--quiet",
      source,
      `dir:${join(store.path, source.replace(/\W/g, "_"))}`,
    ]);
  }
});

test("we load what skopeo writes, with the same image", { skip }, async () => {
  await using store = await openStore();
  const layout = join(store.path, "made");
  await writeOciLayout(layout, { one: sample });
  const copy = async (target: string) =>
    await run(skopeo.path, [policy, "copy", "--quiet", `oci:${layout}:one`, target]);
  const load = async (name: string) => await store.images.load(createReadStream(join(store.path, name)));
  await copy(`oci-archive:${join(store.path, "oci.tar")}:localhost/from:oci`);
  await copy(`docker-archive:${join(store.path, "docker.tar")}:localhost/from:docker`);
  await copy(`oci:${join(store.path, "copied")}:localhost/from:layout`);
  await load("oci.tar");
  await load("docker.tar");
  await store.images.loadLayout(join(store.path, "copied"));
  const image = await store.images.get(sample.config.digest);
  assert.deepEqual(image.names, ["localhost/from:docker", "localhost/from:layout", "localhost/from:oci"]);
  assert.equal((await store.images.list()).length, 1);
});

test("we load the archives of older Dockers", { skip: requireHelper() }, async () => {
  await using store = await openStore();
  const [loaded] = await store.images.load(Readable.from([dockerArchive({ "sample:1": sample })]));
  assert.equal(loaded?.record.id, sample.config.digest);
  assert.deepEqual(loaded.names, ["docker.io/library/sample:1"]);
});

test("layers on top of one another are what umoci makes of them", { skip: skip || umoci.skip }, async () => {
  await using store = await openStore();
  const layout = join(store.path, "made");
  const bundle = join(store.path, "bundle");
  const merged = join(store.path, "merged");
  // umoci does not know zstd.
  const image = buildImage({ layers: fixture.layers.map(({ entries }) => ({ entries })) });
  await writeOciLayout(layout, { one: image });
  await run(umoci.path, ["unpack", "--image", `${layout}:one`, bundle]);
  await store.images.loadLayout(layout);
  const { chainIds } = await store.images.get(image.config.digest);
  const { lowers } = await store.images.prepareContainerSnapshot("c", chainIds.at(-1));
  await run("mkdir", [merged]);
  await run("mount", ["-t", "overlay", "overlay", "-o", `ro,lowerdir=${lowers.join(":")}`, merged]);
  assertSameTree(await listTree(merged), await listTree(join(bundle, "rootfs")));
  assert.equal(await readFile(join(merged, "dir/above"), "utf8"), "above");
});
