import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger } from "../../base/index.ts";
import { chooseSnapshotter, parseSnapshotter } from "./snapshotter.ts";

test("a snapshotter is one of those that there are, or not named", () => {
  assert.deepEqual([undefined, "", "erofs"].map(parseSnapshotter), [undefined, undefined, "erofs"]);
  assert.throws(() => parseSnapshotter("zfs"), {
    code: "ENGINE_REQUEST",
    message: 'cannot use "zfs" as the snapshotter',
    hint: "it is one of overlay, erofs",
  });
});

test("what the engine is told goes before its configuration, and that before nothing", {
  skip: process.getuid?.() === 0 ? false : "needs root",
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), "tug-snapshotter-"));
  const config = join(directory, "config.yaml");
  const choose = (snapshotter?: "overlay") =>
    chooseSnapshotter({ snapshotter, config, logger: silentLogger });
  try {
    assert.equal(await choose(), undefined);
    await writeFile(config, "storage: {snapshotter: erofs}\n", { mode: 0o600 });
    assert.deepEqual([await choose(), await choose("overlay")], ["erofs", "overlay"]);
    await writeFile(config, "storage: {snapshotter: zfs}\n");
    assert.equal(await choose(), undefined);
  } finally {
    await rm(directory, { recursive: true });
  }
});
