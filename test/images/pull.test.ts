import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { sha256 } from "../../src/base/index.ts";
import { findCredentials } from "../../src/credentials/index.ts";
import {
  type BuiltImage,
  buildImage,
  buildIndex,
  debianProgram,
  debianRootfs,
  startRegistry,
} from "../environment/index.ts";
import { assertSameTree, listTree, openStore, requireHelper, run } from "./store.ts";

const server = debianProgram("docker-registry");
const rootfs = debianRootfs();

/** An image of one layer, from its archive. */
function imageOf(archive: Buffer): BuiltImage {
  const image = buildImage({ layers: [{ entries: [] }] });
  const blob = gzipSync(archive, { level: 1 });
  const diffIds = [sha256(archive)];
  const config = JSON.parse(String(image.blobs.get(image.config.digest)));
  const manifest = JSON.parse(String(image.blobs.get(image.manifest.digest)));
  const blobs = new Map<string, Buffer>();
  const put = (mediaType: string, data: Buffer) => {
    blobs.set(sha256(data), data);
    return { mediaType, digest: sha256(data), size: data.length };
  };
  const layers = [put(manifest.layers[0].mediaType, blob)];
  const newConfig = put(
    image.config.mediaType,
    Buffer.from(JSON.stringify({ ...config, rootfs: { type: "layers", diff_ids: diffIds } })),
  );
  const document = Buffer.from(JSON.stringify({ ...manifest, config: newConfig, layers }));
  const descriptor = put(image.manifest.mediaType, document);
  return {
    manifest: descriptor,
    manifests: [descriptor],
    config: newConfig,
    layers,
    archives: [archive],
    diffIds,
    blobs,
  };
}

test("a Debian root file system comes out of a registry as GNU tar would unpack it", {
  skip: requireHelper() || server.skip || rootfs.skip,
}, async () => {
  await using registry = await startRegistry();
  await using store = await openStore();
  const archive = await buffer(createReadStream(rootfs.path));
  const reference = await registry.push("debian:bookworm", imageOf(archive));
  const { image } = await store.images.pull(reference);
  const { lowers } = await store.images.prepareContainerSnapshot("c", image.chainIds.at(-1));
  const expected = join(store.path, "expected");
  await mkdir(expected);
  await run("tar", [
    "--numeric-owner",
    "--xattrs",
    "--xattrs-include=*",
    "-xpf",
    rootfs.path,
    "-C",
    expected,
  ]);
  const [actualTree, expectedTree] = [await listTree(lowers[0] ?? ""), await listTree(expected)];
  assert.ok(expectedTree.length > 10_000);
  assertSameTree(actualTree, expectedTree);
});

test("an image of several platforms, layers and compressions comes out of a registry that wants a password", {
  skip: requireHelper() || server.skip,
}, async () => {
  await using registry = await startRegistry({ password: true });
  const layers = [
    { entries: [{ path: "a", content: "a" }], compression: "none" },
    { entries: [{ path: "b", content: "b" }], compression: "gzip" },
    { entries: [{ path: "c", content: "c" }], compression: "zstd" },
  ] as const;
  const other = buildImage({ layers: [{ entries: [] }], architecture: "s390x" });
  for (const format of ["oci", "docker"] as const) {
    await using store = await openStore({
      credentials: findCredentials({ files: [join(import.meta.dirname, "none")] }),
    });
    const built = buildImage({ layers, format });
    const index = buildIndex([other, built], format);
    const reference = await registry.push(`many-${format}:1`, index);
    await assert.rejects(store.images.pull(reference), { code: "IMAGE_REGISTRY_UNAUTHORIZED" });
    const wrong = { username: "user", password: "wrong" };
    await assert.rejects(store.images.pull(reference, { credentials: wrong }), {
      code: "IMAGE_REGISTRY_UNAUTHORIZED",
    });
    const credentials = { username: "user", password: "secret" };
    const { image, digest } = await store.images.pull(reference, { credentials });
    assert.equal(digest, index.manifest.digest);
    assert.equal(image.id, built.config.digest);
    const { lowers } = await store.images.prepareContainerSnapshot("c", image.chainIds.at(-1));
    assert.deepEqual((await Promise.all(lowers.map((each) => readdir(each)))).flat(), ["c", "b", "a"]);
  }
});

test("credentials come from Docker's configuration", { skip: requireHelper() || server.skip }, async () => {
  await using registry = await startRegistry({ password: true });
  await using store = await openStore({ credentials: (name, signal) => source(name, signal) });
  const file = join(store.path, "config.json");
  const source = findCredentials({ files: [file] });
  const auth = Buffer.from("user:secret").toString("base64");
  await writeFile(file, JSON.stringify({ auths: { [registry.host]: { auth } } }));
  const reference = await registry.push(
    "a:1",
    buildImage({ layers: [{ entries: [{ path: "a", content: "a" }] }] }),
  );
  await store.images.pull(reference);
});

test("a tag and a repository that are not there are told apart from a registry that is not", {
  skip: requireHelper() || server.skip,
}, async () => {
  await using registry = await startRegistry();
  await using store = await openStore();
  await registry.push("a:1", buildImage({ layers: [{ entries: [{ path: "a", content: "a" }] }] }));
  for (const name of ["a:2", "missing:1"]) {
    await assert.rejects(store.images.pull(`${registry.host}/${name}`), {
      code: "IMAGE_REGISTRY_NOT_FOUND",
      message: new RegExp(`^cannot pull ${registry.host}/${name}: registry ${registry.host} answered 404`),
    });
  }
});
