import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { buildImage, dockerArchive } from "../environment/index.ts";
import { needsBox, useEngine } from "./harness/index.ts";

const layered = buildImage({
  layers: [
    {
      entries: [
        { path: "big", content: "b".repeat(500_000) },
        { path: "d/old", content: "old" },
        { path: "d/kept", content: "kept", mode: 0o4755 },
        { path: "d/link", type: "hardlink", target: "d/kept" },
        { path: "changed", content: "before" },
      ],
    },
    {
      entries: [
        { path: ".wh.big", content: "" },
        { path: "d/.wh.old", content: "" },
        { path: "changed", content: "after" },
      ],
    },
    { entries: [{ path: "opaque/new", content: "new" }] },
  ],
  config: { Cmd: ["/d/kept"], Env: ["A=1"], Labels: { stage: "test" } },
});

/** Files of a base, and layers on it that change their kinds, and change their minds. */
const base = [
  { path: "kept", content: "kept" },
  { path: "gone", content: "gone" },
  { path: "d", type: "directory", mode: 0o1777 },
  { path: "d/one", content: "1" },
  { path: "d/two", content: "2" },
  { path: "d/sub/three", content: "3" },
  { path: "file", content: "a file" },
  { path: "turns/in/side", content: "side" },
  { path: "emptied/old", content: "old" },
  { path: "again/old", content: "old" },
  { path: "opaque/old", content: "old" },
  { path: "hard", content: "hard" },
] as const;
const onBase = [
  [
    { path: ".wh.gone", content: "" },
    { path: "d/.wh.one", content: "" },
    { path: "file", type: "directory" },
    { path: "file/inside", content: "inside" },
    { path: "turns", content: "a file now" },
    { path: ".wh.again", content: "" },
    { path: "opaque", type: "directory" },
    { path: "opaque/.wh..wh..opq", content: "" },
    { path: "opaque/passing", content: "passing" },
    { path: "new/a", content: "a" },
    { path: "new/b", type: "hardlink", target: "new/a" },
    { path: "links/x", content: "x" },
    { path: "links/y", type: "hardlink", target: "links/x" },
  ],
  [
    { path: "turns", type: "directory", mode: 0o700 },
    { path: "turns/new", content: "new" },
    { path: "again", type: "directory" },
    { path: "again/new", content: "new" },
    { path: "opaque/.wh.passing", content: "" },
    { path: "opaque/last", content: "last" },
    { path: "emptied/.wh.old", content: "" },
    { path: "new/.wh.a", content: "" },
    { path: "d/.wh.sub", content: "" },
    { path: "d/one", content: "back" },
  ],
] as const;

describe("tug image squash", { skip: needsBox() }, () => {
  // Layers are files here, and archives elsewhere, where the kernel can.
  const engine = useEngine(undefined, { snapshotter: "overlay" });

  test("an image of one layer has the same files and starts as the other does", async () => {
    const loaded = await engine.tug(["load"], { input: dockerArchive({ "layered:1": layered }) });
    assert.equal(loaded.code, 0, loaded.stderr);
    const id = (await engine.ok(["image", "squash", "-t", "flat:1", "layered:1"])).trim();
    assert.match(id, /^sha256:[0-9a-f]{64}$/);
    assert.equal(await engine.ok(["image", "diff", "layered:1", "flat:1"]), "");
    const [before, after] = JSON.parse(await engine.ok(["image", "inspect", "layered:1", "flat:1"]));
    assert.deepEqual(after.Config, before.Config);
    assert.deepEqual([before.RootFS.Layers.length, after.RootFS.Layers.length], [3, 1]);
    assert.ok(after.Size < before.Size - 400_000, "what was removed takes no room any more");
    assert.match(await engine.ok(["history", "flat:1"]), /tug image squash/);
    assert.equal((await engine.ok(["image", "squash", "layered:1"])).trim(), id, "the same again");
    await engine.ok(["rmi", "layered:1"]);
    assert.equal(await engine.ok(["create", "--name", "flat", "flat:1"]).then(() => "made"), "made");
    await engine.ok(["rm", "flat"]);
    await engine.ok(["rmi", "flat:1"]);
  });

  /** Lines of GNU tar for what a container sees; the first is that of the container's own directory. */
  async function filesOf(image: string): Promise<string[]> {
    const id = (await engine.ok(["create", image, "/x"])).trim();
    const input = await engine.ok(["export", id]);
    await engine.ok(["rm", id]);
    const { stdout } = spawnSync("tar", ["-tvf", "-"], { input, encoding: "utf8" });
    assert.match(stdout, /link to/);
    return stdout.split("\n").slice(1);
  }

  for (const from of ["1", "2", "base:1"]) {
    test(`the layers up to ${from} stay, and the files are the same`, async () => {
      const layers = [base, ...onBase].map((entries) => ({ entries }));
      const images = {
        "base:1": buildImage({ layers: [{ entries: base }] }),
        "over:1": buildImage({ layers }),
      };
      const loaded = await engine.tug(["load"], { input: dockerArchive(images) });
      assert.equal(loaded.code, 0, loaded.stderr);
      await engine.ok(["image", "squash", "-t", "part:1", "--from", from, "over:1"]);
      assert.equal(await engine.ok(["image", "diff", "over:1", "part:1"]), "");
      const [before, after] = JSON.parse(await engine.ok(["image", "inspect", "over:1", "part:1"]));
      const kept = from === "2" ? 2 : 1;
      assert.equal(after.RootFS.Layers.length, kept + 1);
      assert.deepEqual(after.RootFS.Layers.slice(0, kept), before.RootFS.Layers.slice(0, kept));
      // What a container sees, with links and times, and not only what the archives say.
      assert.deepEqual(await filesOf("part:1"), await filesOf("over:1"));
      await engine.ok(["rmi", "-f", "base:1", "over:1", "part:1"]);
    });
  }

  test("layers that are not there cannot stay", async () => {
    for (const [from, reason] of [
      ["9", /of which 9 are to stay/],
      ["tug/hello", /does not stand on the layers of tug\/hello/],
    ] as const) {
      const { code, stderr } = await engine.tug(["image", "squash", "--from", from, "box"]);
      assert.equal(code, 1);
      assert.match(stderr, reason);
    }
  });

  test("a program runs in it, and a name that is not there is refused", async () => {
    await engine.ok(["image", "squash", "-t", "box:flat", "box"]);
    assert.equal(await engine.ok(["run", "--rm", "box:flat", "echo", "hi"]), "hi\n");
    const missing = await engine.tug(["image", "squash", "none:1"]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /^tug: No such image: none:1/);
    const wrong = await engine.tug(["image", "squash", "-t", "UPPER", "box"]);
    assert.match(wrong.stderr, /must be lowercase/);
  });
});
