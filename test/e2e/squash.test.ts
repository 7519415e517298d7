import assert from "node:assert/strict";
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

describe("tug image squash", { skip: needsBox() }, () => {
  const engine = useEngine();

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
