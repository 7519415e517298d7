import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createMemoryMounter, type MemoryMounter } from "../testing/memory-mounter.ts";
import { createLayerMounts, type LayerMounts } from "./layer-mounts.ts";

const access = { direct: true, loop: false };

describe("layer mounts", () => {
  let root: string;
  let mounter: MemoryMounter;
  let layers: LayerMounts;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "tug-layers-"));
    mounter = createMemoryMounter();
    layers = createLayerMounts({ root, mounter, probe: async () => access });
  });
  afterEach(() => rm(root, { recursive: true }));
  const unexpected = (name: string, error: unknown) => assert.fail(`${name}: ${error}`);

  it("mounts a new layer at a place of its name, by the page cache, and leaves nothing when it goes", async () => {
    await layers.mount("a", "/store/a");
    assert.deepEqual([...mounter.mounts], [[join(root, "a"), "/store/a"]]);
    assert.deepEqual(mounter.ways, [{ direct: false, loop: false }]);
    assert.deepEqual(await readdir(root), ["a"]);
    await layers.unmount("a");
    await layers.unmount("a");
    assert.deepEqual(await readdir(root), []);
  });

  it("leaves no place for a layer that could not be mounted", async () => {
    mounter.refuse = () => new Error("no");
    await assert.rejects(layers.mount("a", "/store/a"), /no/);
    assert.deepEqual(await readdir(root), []);
  });

  it("asks how layers are mounted once, and again after it was not told", async () => {
    let asked = 0;
    const probe = async () => {
      asked += 1;
      if (asked === 1) throw new Error("no memory");
      return access;
    };
    const mounts = createLayerMounts({ root, mounter, probe });
    await assert.rejects(mounts.mount("a", "/store/a"), /no memory/);
    await mounts.mount("a", "/store/a");
    await mounts.mount("b", "/store/b");
    assert.deepEqual([[...mounter.mounts.values()], asked], [["/store/a", "/store/b"], 2]);
  });

  it("does not take off what is mounted under the same name later", async () => {
    await layers.mount("a", "/store/old");
    await Promise.all([layers.unmount("a"), layers.mount("a", "/store/new")]);
    assert.deepEqual([...mounter.mounts.values()], ["/store/new"]);
  });

  it("mounts what is missing, keeps what is there, and takes off the rest", async () => {
    await layers.mount("kept", "/store/kept");
    await layers.mount("other", "/store/other");
    await mkdir(join(root, "half made"));
    await layers.restore(
      new Map([
        ["kept", "/store/kept"],
        ["new", "/store/new"],
      ]),
      unexpected,
    );
    assert.deepEqual([...mounter.mounts.values()].sort(), ["/store/kept", "/store/new"]);
    // What was not written just now is not in the page cache.
    assert.deepEqual(mounter.ways.at(-1), access);
    assert.deepEqual((await readdir(root)).sort(), ["kept", "new"]);
  });

  it("tells which layers it cannot mount, and goes on", async () => {
    mounter.refuse = (path) => (path.endsWith("bad") ? new Error("damaged") : undefined);
    const failed: string[] = [];
    const wanted = new Map(["bad", "good"].map((name) => [name, `/store/${name}`]));
    await layers.restore(wanted, (name) => failed.push(name));
    assert.deepEqual(failed, ["bad"]);
    assert.deepEqual(await readdir(root), ["good"]);
  });
});
