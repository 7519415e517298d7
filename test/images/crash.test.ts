import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "../../src/base/index.ts";
import type { Images } from "../../src/images/index.ts";
import { startFakeRegistry } from "../../src/images/testing/fake-registry.ts";
import {
  type BuiltImage,
  buildImage,
  mountsBelow,
  needsErofs,
  temporaryDirectory,
} from "../environment/index.ts";
import { openAt, requireHelper, withLayers } from "./store.ts";

/** An image of three layers, the lowest of which all share. */
function makeImage(number: number): BuiltImage {
  const layer = (name: string, files: number) => ({
    entries: Array.from({ length: files }, (_, index) => ({
      path: `${name}/${index}`,
      content: `${name} ${index} `.repeat(200),
    })),
  });
  return buildImage({
    layers: [layer("shared", 300), layer(`own${number}`, 100), layer("top", 50 + number)],
  });
}

for (const { form, rounds, skip } of [
  { form: "overlay", rounds: 8, skip: requireHelper() },
  { form: "erofs", rounds: 5, skip: requireHelper() || needsErofs() },
] as const) {
  test(`a store of the form ${form} whose process is killed at any moment opens, whole`, {
    skip,
    timeout: 180_000,
  }, async (t) => {
    await using registry = await startFakeRegistry();
    await using directory = await temporaryDirectory();
    const built = [0, 1, 2, 3].map(makeImage);
    for (const [number, image] of built.entries()) {
      for (const data of image.blobs.values()) registry.putBlob(data);
      const document = JSON.parse(String(image.blobs.get(image.manifest.digest)));
      registry.putManifest("image", String(number), document);
    }
    for (let round = 0; round < rounds; round += 1) {
      const program = join(import.meta.dirname, "crash-child.ts");
      const child = spawn(
        process.execPath,
        ["--no-warnings", program, directory.path, registry.host, String(round + 1), form],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      t.after(() => child.kill("SIGKILL"));
      const exit = once(child, "exit");
      await once(child.stdout, "data");
      await sleep(20 + Math.random() * 400);
      child.kill("SIGKILL");
      assert.deepEqual(await exit, [null, "SIGKILL"]);
      await using store = await openAt(directory.path, {}, withLayers(directory.path, form));
      await checkStore(store.images, directory.path, built);
    }
    await using store = await openAt(directory.path, {}, withLayers(directory.path, form));
    for (const { id } of await store.images.list()) await store.images.remove(id, { force: true });
    await store.images.collectGarbage();
    const left = async (path: string) => await readdir(join(directory.path, "store", path));
    assert.deepEqual([await left("content/blobs/sha256"), await left("snapshots")], [[], []]);
    assert.deepEqual(mountsBelow(directory.path), []);
  });
}

/** Every image can be used, every blob has its digest, and nothing half done is there. */
async function checkStore(images: Images, path: string, built: readonly BuiltImage[]): Promise<void> {
  const store = join(path, "store");
  const blobs = await readdir(join(store, "content/blobs/sha256"));
  for (const hex of blobs) {
    assert.equal(sha256(await readFile(join(store, "content/blobs/sha256", hex))), `sha256:${hex}`);
  }
  const index = JSON.parse(await readFile(join(store, "content/index.json"), "utf8"));
  const list = await images.list();
  assert.equal(
    index.manifests.length,
    list.reduce((sum, { names }) => sum + Math.max(names.length, 1), 0),
  );
  for (const image of list) {
    const original = built.find(({ config }) => config.digest === image.id);
    assert.ok(original);
    assert.deepEqual([image.names.length, image.digests.length], [1, 1], "names come and go together");
    const { lowers } = await images.prepareContainerSnapshot(`check ${image.id}`, image.chainIds.at(-1));
    assert.equal(lowers.length, 3);
    for (const [layer, lower] of [...lowers].reverse().entries()) {
      const files = (await readdir(lower, { recursive: true, withFileTypes: true })).filter((each) =>
        each.isFile(),
      );
      const archive: string = String(original.archives[layer]);
      for (const file of files.slice(-3)) {
        const name = join(file.parentPath, file.name).slice(lower.length + 1);
        assert.ok(archive.includes(name));
        assert.ok((await lstat(join(lower, name))).size > 0);
      }
      assert.equal(files.length, archive.match(/ustar/g)?.length);
    }
    await images.removeContainerSnapshot(`check ${image.id}`);
  }
}
