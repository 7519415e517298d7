import assert from "node:assert/strict";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { sha256 } from "../../src/base/index.ts";
import { helperTrees } from "../../src/engine/trees.ts";
import { createHelper } from "../../src/helper/index.ts";
import { exportTar } from "../../src/images/index.ts";
import { unpackLayer } from "../../src/images/layers/unpack-layer.ts";
import {
  probeLines,
  probeProgram,
  type TemporaryDirectory,
  temporaryDirectory,
} from "../environment/index.ts";
import { makeTree } from "./make-tree.ts";
import { assertSameTree, helperPath, listTree, requireHelper, run } from "./store.ts";

const skip = requireHelper();
const trees = helperTrees(createHelper(helperPath));

async function unpackArchive(place: TemporaryDirectory, archive: string): Promise<string> {
  const directory = join(place.path, "ours");
  await mkdir(directory);
  const data = await readFile(archive);
  const blob = (async function* pieces() {
    for (let at = 0; at < data.length; at += 12_345) yield data.subarray(at, at + 12_345);
  })();
  await unpackLayer(blob, { trees, directory, diffId: sha256(data), blobSize: data.length });
  return directory;
}

const formats = [
  { format: "v7", limited: true },
  { format: "ustar", limited: true },
  { format: "oldgnu", limited: false, options: ["-S"] },
  { format: "gnu", limited: false, options: ["-S"] },
  { format: "pax", limited: false, options: ["-S"] },
  { format: "pax", limited: false, options: ["-S", "--sparse-version=0.0"] },
  { format: "pax", limited: false, options: ["-S", "--sparse-version=0.1"] },
];

for (const { format, limited, options = [] } of formats) {
  test(`an archive of GNU tar in format ${[format, ...options].join(" ")} unpacks as GNU tar unpacks it`, {
    skip,
  }, async () => {
    await using place = await temporaryDirectory();
    const [source, expected] = [join(place.path, "source"), join(place.path, "expected")];
    const archive = join(place.path, "archive.tar");
    await mkdir(source);
    await mkdir(expected);
    await makeTree(source, limited);
    if (format === "v7" || format === "ustar")
      await run("rm", ["-f", join(source, "null"), join(source, "disk")]);
    if (format === "v7") await run("rm", ["-f", join(source, "pipe")]);
    await run("tar", [
      "--numeric-owner",
      ...options,
      `--format=${format}`,
      "-cf",
      archive,
      "-C",
      source,
      ".",
    ]);
    await run("tar", ["--numeric-owner", "-xpf", archive, "-C", expected]);
    assertSameTree(await listTree(await unpackArchive(place, archive)), await listTree(expected));
  });
}

const probe = probeProgram();

test("extended attributes and file capabilities survive", { skip: skip || probe.skip }, async () => {
  await using place = await temporaryDirectory();
  const [source, archive] = [join(place.path, "source"), join(place.path, "archive.tar")];
  await mkdir(source);
  await writeFile(join(source, "ping"), "x");
  const attributes = {
    "security.capability": "0100000200200000000000000000000000000000",
    "user.note": Buffer.from("a\n=b\0c").toString("hex"),
  };
  for (const [name, value] of Object.entries(attributes))
    await run(probe.path, ["attribute", join(source, "ping"), name, value]);
  await run("tar", ["--xattrs", "--xattrs-include=*", "-cf", archive, "-C", source, "."]);
  const directory = await unpackArchive(place, archive);
  const { stdout } = await run(probe.path, ["attributes", join(directory, "ping")]);
  assert.deepEqual(probeLines(stdout)[0]?.attributes, attributes);
});

test("GNU tar unpacks what we export", { skip }, async () => {
  await using place = await temporaryDirectory();
  const [source, expected] = [join(place.path, "source"), join(place.path, "expected")];
  const archive = join(place.path, "archive.tar");
  await mkdir(source);
  await mkdir(expected);
  await makeTree(source, false);
  await pipeline(exportTar(trees.pack(source, {})), createWriteStream(archive));
  const { stderr } = await run("tar", ["--numeric-owner", "-xpf", archive, "-C", expected]);
  assert.equal(stderr, "");
  assertSameTree(await listTree(expected), await listTree(source));
  await pipeline(exportTar(trees.pack(source, {})), createWriteStream(`${archive}.again`));
  assert.equal(sha256(await readFile(archive)), sha256(await readFile(`${archive}.again`)));
});
