import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { boxImage, leavesNothing, needsBox, useEngine } from "./harness/index.ts";

describe("tug system df and prune", { skip: needsBox() }, () => {
  const engine = useEngine();

  const row = async (type: string) => {
    const lines = (await engine.ok(["system", "df"])).split("\n");
    return lines
      .find((line) => line.startsWith(type))
      ?.trimEnd()
      .split(/ {2,}/)
      .slice(1);
  };

  test("what a container writes is counted as its own, and can be reclaimed when it does not run", async () => {
    const script = "dd if=/dev/zero of=/file bs=1M count=3 2>/dev/null; exec sleep 900";
    await engine.ok(["run", "-d", "--name", "writer", "box", "sh", "-c", script]);
    await engine.ok(["exec", "writer", "sh", "-c", "while [ ! -s /file ]; do sleep 0.05; done; sync"]);
    const [total, active, size, reclaimable] = (await row("Containers")) ?? [];
    assert.deepEqual([total, active, reclaimable], ["1", "1", "0B (0%)"]);
    assert.match(size ?? "", /^3\.\d+MB$/);
    const format = "{{.SizeRw}} {{.SizeRootFs}}";
    const [own = 0, whole = 0] = (await engine.ok(["inspect", "-s", "-f", format, "writer"]))
      .split(" ")
      .map(Number);
    const image = Number(await engine.ok(["image", "inspect", "-f", "{{.Size}}", "box"]));
    assert.equal(whole, own + image, "the files of the image are a part of the whole");
    await engine.ok(["kill", "writer"]);
    await engine.ok(["wait", "writer"]);
    assert.match((await row("Containers"))?.[3] ?? "", /^3\.\d+MB \(100%\)$/);
  });

  test("layers that images share are counted once", async () => {
    const before = (await row("Images"))?.[2];
    const added = boxImage({ layers: [{ entries: [{ path: "added", content: "x".repeat(100_000) }] }] });
    await engine.load({ "more:latest": added });
    const usage = JSON.parse(await engine.ok(["system", "df", "-v", "--format", "json"])) as {
      LayersSize: number;
      Images: { RepoTags: string[]; Size: number; SharedSize: number }[];
    };
    const find = (name: string) => usage.Images.find(({ RepoTags }) => RepoTags.includes(name));
    const [box, more] = [find("box:latest"), find("more:latest")];
    assert.equal(box?.SharedSize, box?.Size, "all of it is in the other image too");
    assert.equal(more?.SharedSize, box?.Size);
    const unique = (more?.Size ?? 0) - (more?.SharedSize ?? 0);
    assert.ok(unique >= 100_000 && unique < 200_000, String(unique));
    assert.ok(before !== undefined);
    assert.match(await engine.ok(["system", "df", "-v"]), /^more +latest .* 10\d(\.\d)?kB +0$/m);
    await engine.ok(["rmi", "more"]);
  });

  test("pruning removes what does not run and keeps what does", () =>
    leavesNothing(engine, async () => {
      await engine.ok(["run", "-d", "--name", "runs", "box", "sleep", "900"]);
      await engine.ok(["create", "--name", "made", "-l", "tier=test", "box"]);
      const [id] = (await engine.ok(["ps", "-aq", "--no-trunc", "-f", "name=made"])).split("\n");
      assert.equal(
        await engine.ok(["container", "prune", "-f", "--filter", "until=1h"]),
        "Total reclaimed space: 0B\n",
      );
      const pruned = await engine.ok(["container", "prune", "-f", "--filter", "label=tier=test"]);
      assert.match(pruned, new RegExp(`^Deleted Containers:\n${id}\n\nTotal reclaimed space: `));
      await engine.ok(["pause", "runs"]);
      assert.match(await engine.ok(["system", "prune", "-f"]), /Total reclaimed space: 3\.\d+MB\n$/);
      assert.equal(await engine.ok(["ps", "-a", "--format", "{{.Names}}"]), "runs\n");
      const events = ["events", "--since", "1m", "--until", "0s", "--filter", "event=prune"];
      assert.match(await engine.ok([...events, "--format", "{{.Type}}"]), /^container$/m);
      await engine.ok(["rm", "-f", "runs"]);
    }));
});
