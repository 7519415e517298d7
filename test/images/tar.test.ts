import assert from "node:assert/strict";
import { createWriteStream } from "node:fs";
import { mkdir, open, readFile, symlink, truncate, utimes, writeFile } from "node:fs/promises";
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
import { assertSameTree, helperPath, listTree, requireHelper, run } from "./store.ts";

const skip = requireHelper();
const trees = helperTrees(createHelper(helperPath));

/** A tree with everything that file systems have; `limited` leaves out what old formats of tar cannot say. */
async function makeTree(directory: string, limited: boolean): Promise<void> {
  const at = (path: string) => join(directory, path);
  await mkdir(at("sub/deeper"), { recursive: true });
  await writeFile(at("empty"), "");
  await writeFile(at("file"), "content\n", { mode: 0o640 });
  await writeFile(at("sub/block"), Buffer.alloc(512, "b"));
  await writeFile(at("sub/blocks"), Buffer.alloc(100_000, "c"));
  await symlink("../file", at("sub/link"));
  await symlink("nowhere", at("dangling"));
  await run("ln", [at("file"), at("sub/hard")]);
  await run("ln", ["-P", at("dangling"), at("sub/hard-link-to-link")]);
  await run("mkfifo", [at("pipe")]);
  await run("mknod", [at("null"), "c", "1", "3"]);
  await run("mknod", [at("disk"), "b", "259", "300"]);
  await run("chown", ["1234:4321", at("sub/block")]);
  await run("chmod", ["6755", at("sub/blocks")]);
  await run("chmod", ["1777", at("sub")]);
  await utimes(at("sub/deeper"), 1_000_000_000, 1_000_000_000);
  if (limited) return;
  const long = join("sub", "l".repeat(120), "m".repeat(120));
  await mkdir(at(long), { recursive: true });
  await writeFile(at(join(long, "n".repeat(200))), "long");
  await symlink("t".repeat(300), at("long-target"));
  await run("sh", ["-c", "printf odd > \"$(printf 'caf\\303\\251 \\377\\001')\""], { cwd: directory });
  await writeFile(at("sparse"), "start");
  await truncate(at("sparse"), 5_000_000);
  const file = await open(at("sparse"), "r+");
  await file.write("middle", 2_000_000);
  await file.write("end", 4_999_997);
  await file.close();
  await run("chown", ["3000000:3000001", at("empty")]);
}

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
