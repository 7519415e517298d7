import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Images } from "../../src/images/index.ts";
import { type FakeRegistry, startFakeRegistry } from "../../src/images/testing/fake-registry.ts";
import {
  buildImage,
  mountsBelow,
  needsErofs,
  needsLoops,
  probeLines,
  probeProgram,
  type TemporaryDirectory,
  temporaryDirectory,
} from "../environment/index.ts";
import { openAt, requireHelper, run, withLayers } from "./store.ts";

const probe = probeProgram();
const needsExt4 = existsSync("/usr/sbin/mkfs.ext4") ? false : "needs mkfs.ext4";
const skip = requireHelper() || needsLoops() || needsExt4 || probe.skip;

/** Files whose names follow from their content, in two layers, so that a lost one is told from a whole one. */
const files = new Map(
  Array.from({ length: 400 }, (_, index) => [`${index % 2}/file-${index}`, `content ${index} `.repeat(400)]),
);
const image = buildImage({
  layers: ["0/", "1/"].map((layer) => ({
    entries: [...files]
      .filter(([path]) => path.startsWith(layer))
      .map(([path, content]) => ({ path, content })),
  })),
});

/** A directory with a file system of its own in a file, `disk`, whose power can fail. */
async function makeDisk(): Promise<TemporaryDirectory> {
  const place = await temporaryDirectory();
  await mkdir(join(place.path, "disk"));
  await run("truncate", ["-s", "256M", join(place.path, "image")]);
  await run("mkfs.ext4", ["-q", "-F", join(place.path, "image")]);
  await mountDisk(place.path, "image");
  return place;
}

async function mountDisk(place: string, file: string): Promise<void> {
  await run("mount", ["-o", "loop", join(place, file), join(place, "disk")]);
}

type Loss = {
  readonly form: "overlay" | "erofs";
  readonly synced: "nothing" | "blobs";
  /** Nothing follows the pull. */
  readonly alone?: boolean;
};

/**
 * Pulls the image in the boot "first"; then the power fails, and what the kernel had not yet written is lost. The process
 * that has the store open dies with it.
 */
async function pullAndLosePower(
  registry: FakeRegistry,
  place: string,
  { form, synced, alone = false }: Loss,
): Promise<void> {
  const program = join(import.meta.dirname, "power-child.ts");
  const words = [join(place, "disk"), `${registry.host}/image:1`, form, "first", ...(alone ? ["alone"] : [])];
  const child = spawn(process.execPath, ["--no-warnings", program, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  try {
    assert.equal(String((await once(child.stdout, "data"))[0]), "pulled\n");
    if (synced === "blobs") await syncBlobs(join(place, "disk/store/content/blobs/sha256"));
    const { stdout } = await run(probe.path, ["cutPower", join(place, "disk")]);
    assert.equal(probeLines(stdout)[0]?.errno, null);
  } finally {
    child.kill("SIGKILL");
    await exit;
  }
  // A mount namespace that is just being made elsewhere may keep the dead file system for a moment: a copy of its disk is
  // mounted, which no other loop device stands for.
  for (const mountPoint of mountsBelow(place)) await run("umount", ["--lazy", mountPoint]);
  await run("cp", ["--sparse=always", join(place, "image"), join(place, "copy")]);
  await mountDisk(place, "copy");
}

async function syncBlobs(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    await using file = await open(join(directory, name));
    await file.sync();
  }
}

async function serveImage(): Promise<FakeRegistry> {
  const registry = await startFakeRegistry();
  for (const data of image.blobs.values()) registry.putBlob(data);
  registry.putManifest("image", "1", JSON.parse(String(image.blobs.get(image.manifest.digest))));
  return registry;
}

/** How many files of the layers that a container stands on are whole. */
async function wholeFiles(images: Images, container: string): Promise<number> {
  const { lowers } = images.containerMounts(container);
  const found = await Promise.all(
    [...files].map(async ([path, content]) => {
      const texts = await Promise.all(
        lowers.map((lower) => readFile(join(lower, path), "utf8").catch(() => undefined)),
      );
      return texts.includes(content);
    }),
  );
  return found.filter(Boolean).length;
}

function openAfter(place: string, form: Loss["form"], bootId: string) {
  const directory = join(place, "disk");
  return openAt(directory, {}, { ...withLayers(directory, form), disk: { bootId, sync: async () => {} } });
}

for (const [form, reason] of [
  ["overlay", skip],
  ["erofs", skip || needsErofs()],
] as const) {
  const options = { skip: reason, timeout: 60_000 };

  test(
    `a power loss after a pull, form ${form}: layers are unpacked again from blobs that are whole`,
    options,
    async () => {
      await using registry = await serveImage();
      await using place = await makeDisk();
      await pullAndLosePower(registry, place.path, { form, synced: "blobs" });
      const before = registry.requests.length;
      await using store = await openAfter(place.path, form, "second");
      assert.equal(await wholeFiles(store.images, "container"), files.size);
      assert.deepEqual((await store.images.list())[0]?.names, [`${registry.host}/image:1`]);
      assert.deepEqual((await store.images.check()).problems, []);
      assert.equal(registry.requests.length, before);
    },
  );

  test(
    `a power loss after a pull, form ${form}: an image that was not written is pulled again`,
    options,
    async () => {
      await using registry = await serveImage();
      await using place = await makeDisk();
      await pullAndLosePower(registry, place.path, { form, synced: "nothing" });
      await using store = await openAfter(place.path, form, "second");
      assert.deepEqual(await store.images.list(), []);
      await store.images.pull(`${registry.host}/image:1`);
      assert.equal(await wholeFiles(store.images, "container"), files.size);
      assert.deepEqual((await store.images.check()).problems, []);
    },
  );

  test(
    `a power loss right after a pull, form ${form}: the name is lost with the rest, and nothing is half there`,
    options,
    async () => {
      await using registry = await serveImage();
      await using place = await makeDisk();
      await pullAndLosePower(registry, place.path, { form, synced: "nothing", alone: true });
      await using store = await openAfter(place.path, form, "second");
      assert.deepEqual(await store.images.list(), []);
      assert.deepEqual((await store.images.check()).problems, []);
      await store.images.pull(`${registry.host}/image:1`);
      await store.images.prepareContainerSnapshot(
        "container",
        (await store.images.list())[0]?.chainIds.at(-1),
      );
      assert.equal(await wholeFiles(store.images, "container"), files.size);
    },
  );

  test(
    `a power loss after a pull, form ${form}: without a look at what was lost, files are damaged`,
    options,
    async () => {
      await using registry = await serveImage();
      await using place = await makeDisk();
      await pullAndLosePower(registry, place.path, { form, synced: "nothing" });
      await using store = await openAfter(place.path, form, "first");
      assert.notEqual(await wholeFiles(store.images, "container"), files.size);
    },
  );
}
