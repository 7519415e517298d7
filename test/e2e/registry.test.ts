import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  buildImage,
  buildIndex,
  busyboxEntries,
  debianProgram,
  ociArchive,
  requireRoot,
  startRegistry,
  temporaryDirectory,
  writeOciLayout,
} from "../environment/index.ts";

const run = promisify(execFile);
const skopeo = debianProgram("skopeo");
const umoci = debianProgram("umoci");
const server = debianProgram("docker-registry");
const busybox = debianProgram("busybox");

const layers = [
  {
    entries: [
      { path: "etc", type: "directory" },
      { path: "etc/a", content: "a" },
    ],
    compression: "none",
  },
  { entries: [{ path: "etc/b", content: "b" }], compression: "gzip" },
  { entries: [{ path: "etc/.wh.a", content: "" }], compression: "zstd" },
] as const;

test("skopeo copies a layout of ours to the registry, which serves the same manifest", {
  skip: skopeo.skip || server.skip,
}, async () => {
  await using directory = await temporaryDirectory();
  await using registry = await startRegistry();
  const image = buildImage({ layers });
  await writeOciLayout(directory.path, { one: image });
  await run(skopeo.path, [
    ...["--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", "--preserve-digests"],
    ...[`oci:${directory.path}:one`, `docker://${registry.host}/test:one`],
  ]);
  const answer = await fetch(`${registry.url}/v2/test/manifests/${image.manifest.digest}`, {
    headers: { accept: image.manifest.mediaType },
  });
  assert.equal(answer.status, 200, registry.log());
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), image.blobs.get(image.manifest.digest));
});

for (const format of ["oci", "docker"] as const) {
  test(`skopeo copies a pushed index of the format ${format} out of the registry`, {
    skip: skopeo.skip || server.skip,
  }, async () => {
    await using directory = await temporaryDirectory();
    await using registry = await startRegistry();
    const platforms = ["amd64", "arm64"].map((architecture) =>
      buildImage({ layers: layers.slice(0, 2), architecture, format }),
    );
    const reference = await registry.push("many:1", buildIndex(platforms, format));
    await run(skopeo.path, [
      ...["--insecure-policy", "copy", "--quiet", "--all", "--preserve-digests", "--src-tls-verify=false"],
      ...[`docker://${reference}`, `dir:${directory.path}`],
    ]);
    const [layer] = platforms[1]?.layers ?? [];
    const copied = await readFile(join(directory.path, layer?.digest.slice(7) ?? ""));
    assert.deepEqual(copied, platforms[1]?.blobs.get(layer?.digest ?? ""));
  });
}

test("the registry asks for a password when it is told to", { skip: server.skip }, async () => {
  await using registry = await startRegistry({ password: true });
  const ask = async (credentials: string) =>
    (
      await fetch(`${registry.url}/v2/`, {
        headers: { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` },
      })
    ).status;
  assert.equal(await ask("user:wrong"), 401);
  assert.equal(await ask("user:secret"), 200);
});

test("umoci unpacks an image of ours as its layers say", { skip: umoci.skip || requireRoot() }, async () => {
  await using directory = await temporaryDirectory();
  const image = buildImage({ layers: layers.slice(0, 2), config: { Cmd: ["/bin/x"] } });
  await writeOciLayout(join(directory.path, "layout"), { one: image });
  await run(umoci.path, ["unpack", "--image", `${directory.path}/layout:one`, `${directory.path}/bundle`]);
  const read = (path: string) => readFile(join(directory.path, "bundle", path), "utf8");
  assert.equal(await read("rootfs/etc/b"), "b");
  assert.deepEqual(JSON.parse(await read("config.json")).process.args, ["/bin/x"]);
});

test("skopeo reads an archive with an index of several platforms", {
  skip: skopeo.skip || requireRoot(),
}, async () => {
  await using directory = await temporaryDirectory();
  const platforms = ["amd64", "arm64"].map((architecture) => buildImage({ layers, architecture }));
  const index = buildIndex(platforms);
  await writeFile(join(directory.path, "image.tar"), ociArchive({ many: index }));
  const { stdout } = await run(skopeo.path, [
    "inspect",
    "--raw",
    `oci-archive:${directory.path}/image.tar:many`,
  ]);
  assert.deepEqual(
    JSON.parse(stdout).manifests.map((row: { digest: string }) => row.digest),
    platforms.map((image) => image.manifest.digest),
  );
});

test("busybox as an image has a shell and its links", { skip: busybox.skip }, () => {
  const names = busyboxEntries().map((entry) => entry.path);
  for (const name of ["bin/busybox", "bin/sh", "bin/ls", "etc/passwd", "proc"])
    assert.ok(names.includes(name), name);
});
