import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openTestImages } from "../../src/images/testing/open-images.ts";
import {
  type BuiltImage,
  buildImage,
  buildIndex,
  debianProgram,
  startRegistry,
  temporaryDirectory,
  writeOciLayout,
} from "../environment/index.ts";
import { run } from "./store.ts";

const server = debianProgram("docker-registry");
const skopeo = debianProgram("skopeo");
const skip = server.skip || skopeo.skip;

const layers = [
  { entries: [{ path: "a", content: "a".repeat(100_000) }], compression: "gzip" },
  { entries: [{ path: "b", content: "b" }], compression: "gzip" },
] as const;
const architecture = process.arch === "x64" ? "amd64" : process.arch;
const own = buildImage({ layers });
const other = buildImage({ layers, architecture: architecture === "arm64" ? "amd64" : "arm64" });
const index = buildIndex([own, other]);

/** A registry with an image for two platforms, a store without images, and a directory. */
async function openScene() {
  await using scope = new AsyncDisposableStack();
  const registry = scope.use(await startRegistry());
  const { images } = scope.use(await openTestImages());
  const { path } = scope.use(await temporaryDirectory());
  await registry.push("made:1", index);
  const open = scope.move();
  return {
    registry,
    remote: images.remote,
    path: (name: string) => join(path, name),
    made: `docker://${registry.host}/made:1`,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

const tool = async (...words: string[]) =>
  (await run(skopeo.path, ["--insecure-policy", ...words], { maxBuffer: 64 * 1024 * 1024 })).stdout;
const rawOf = (image: BuiltImage) => String(image.blobs.get(image.manifest.digest));

test("skopeo finds in every place the image that we put there", { skip }, async () => {
  await using scene = await openScene();
  const { remote, made, path } = scene;
  await remote.copy(made, `oci:${path("layout")}:x`);
  await remote.copy(made, `oci-archive:${path("layout.tar")}:x`);
  await remote.copy(made, `dir:${path("dir")}`);
  await remote.copy(made, `docker-archive:${path("docker.tar")}:localhost/x:1`);
  for (const place of [
    `oci:${path("layout")}:x`,
    `oci-archive:${path("layout.tar")}:x`,
    `dir:${path("dir")}`,
  ]) {
    assert.equal(await tool("inspect", "--raw", place), rawOf(own), place);
    await tool("copy", "--quiet", place, `dir:${path(`copied-${place.replace(/\W/g, "-")}`)}`);
  }
  const { rootfs } = JSON.parse(
    await tool("inspect", "--config", `docker-archive:${path("docker.tar")}:localhost/x:1`),
  );
  assert.deepEqual(rootfs.diff_ids, own.diffIds);
  await tool("copy", "--quiet", `docker-archive:${path("docker.tar")}`, `oci:${path("from-docker")}:x`);
});

test("skopeo finds a whole index that we put there", { skip }, async () => {
  await using scene = await openScene();
  const { remote, registry, made, path } = scene;
  await remote.copy(made, `dir:${path("dir")}`, { all: true });
  await remote.copy(made, `oci:${path("layout")}:x`, { all: true });
  for (const place of [`dir:${path("dir")}`, `oci:${path("layout")}:x`]) {
    assert.equal(await tool("inspect", "--raw", place), rawOf(index), place);
  }
  await tool(
    "copy",
    "--quiet",
    "--all",
    "--dest-tls-verify=false",
    `dir:${path("dir")}`,
    `docker://${registry.host}/again:1`,
  );
  assert.equal(await remote.digest(`docker://${registry.host}/again:1`), index.manifest.digest);
});

test("we find in every place the image that skopeo put there", { skip }, async () => {
  await using scene = await openScene();
  const { remote, registry, path } = scene;
  await writeOciLayout(path("made"), { one: own });
  const places = [
    `oci:${path("layout")}:x`,
    `oci-archive:${path("layout.tar")}:x`,
    `dir:${path("dir")}`,
    `docker-archive:${path("docker.tar")}:localhost/x:1`,
  ];
  for (const [count, place] of places.entries()) {
    await tool("copy", "--quiet", `oci:${path("made")}:one`, place);
    const { digest } = await remote.copy(place, `docker://${registry.host}/back:${count}`);
    const { config } = await remote.look(`docker://${registry.host}/back:${count}`);
    assert.deepEqual(JSON.parse(String(config)).rootfs.diff_ids, own.diffIds, place);
    if (!place.startsWith("docker-archive")) assert.equal(digest, own.manifest.digest, place);
  }
});

test("what we say about an image is what skopeo says", { skip }, async () => {
  await using scene = await openScene();
  const { remote, made } = scene;
  const inspected = JSON.parse(await tool("inspect", "--tls-verify=false", made));
  assert.equal(await remote.digest(made), inspected.Digest);
  assert.deepEqual(await remote.tags(made), inspected.RepoTags);
  const { raw, config } = await remote.look(made);
  assert.equal(String(raw), await tool("inspect", "--raw", "--tls-verify=false", made));
  assert.deepEqual(
    JSON.parse(String(config)),
    JSON.parse(await tool("inspect", "--config", "--tls-verify=false", made)),
  );
  await remote.delete(made);
  await assert.rejects(remote.digest(made), { code: "IMAGE_REGISTRY_NOT_FOUND" });
});

test("a directory has the files that skopeo gives it", { skip }, async () => {
  await using scene = await openScene();
  const { remote, made, path } = scene;
  await remote.copy(made, `dir:${path("ours")}`);
  await tool(
    "copy",
    "--quiet",
    "--src-tls-verify=false",
    "--preserve-digests",
    made,
    `dir:${path("theirs")}`,
  );
  const { stdout } = await run("diff", ["-r", path("ours"), path("theirs")]);
  assert.equal(stdout, "");
  assert.equal(await readFile(path("ours/version"), "utf8"), "Directory Transport Version: 1.1\n");
});
