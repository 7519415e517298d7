import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "../../base/index.ts";
import { createMemoryTrees } from "../testing/memory-trees.ts";
import { chooseApplier } from "./choose-applier.ts";
import type { LayerAccess } from "./layer-mounts.ts";
import type { SnapshotForm, Snapshotter } from "./snapshotter.ts";

/** The form that is chosen on a machine, and how often the machine was tried. */
async function choose(form: SnapshotForm | undefined, access?: () => LayerAccess) {
  let tries = 0;
  const layers = access && {
    async access() {
      tries += 1;
      return access();
    },
  };
  const snapshotter = {} as Snapshotter;
  const trees = createMemoryTrees();
  const applier = chooseApplier({ snapshotter, trees, layers, form, logger: silentLogger });
  const before = tries;
  const forms = [await applier.form(), await applier.form()];
  assert.equal(forms[0], forms[1]);
  return [forms[0], before, tries];
}

describe("chooseApplier", () => {
  const files = () => ({ direct: true, loop: false });
  const loops = () => ({ direct: false, loop: true });
  const refuses = () => {
    throw new Error("the kernel has no erofs");
  };

  it("takes erofs where files are mounted, and tries the machine once, when it is needed", async () => {
    assert.deepEqual(await choose(undefined, files), ["erofs", 0, 1]);
  });

  it("takes overlay where that needs loop devices, is refused, or nothing is mounted", async () => {
    assert.deepEqual(await choose(undefined, loops), ["overlay", 0, 1]);
    assert.deepEqual(await choose(undefined, refuses), ["overlay", 0, 1]);
    assert.deepEqual(await choose(undefined), ["overlay", 0, 0]);
  });

  it("takes what it is told without a try", async () => {
    assert.deepEqual(await choose("overlay", files), ["overlay", 0, 0]);
    assert.deepEqual(await choose("erofs", loops), ["erofs", 0, 0]);
  });
});
