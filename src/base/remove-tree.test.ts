import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { removeTree } from "./remove-tree.ts";

for (const count of [0, 3, 500]) {
  test(`a tree of ${count} files goes away, and what its links lead to stays`, async () => {
    const place = await mkdtemp(join(tmpdir(), "tug-"));
    try {
      const kept = join(place, "kept");
      await mkdir(kept);
      await writeFile(join(kept, "file"), "x");
      const tree = join(place, "tree");
      await mkdir(join(tree, "a/b"), { recursive: true });
      for (let index = 0; index < count; index += 1) await writeFile(join(tree, "a/b", `${index}`), "");
      await symlink(kept, join(tree, "a/link"));
      await removeTree(tree);
      assert.equal(existsSync(tree), false);
      assert.equal(await readFile(join(kept, "file"), "utf8"), "x");
      await removeTree(tree);
    } finally {
      await rm(place, { recursive: true });
    }
  });
}

test("a link in the place of the tree is removed, not what it leads to", async () => {
  const place = await mkdtemp(join(tmpdir(), "tug-"));
  try {
    await mkdir(join(place, "kept/x"), { recursive: true });
    await symlink(join(place, "kept"), join(place, "link"));
    await removeTree(join(place, "link"));
    assert.equal(existsSync(join(place, "link")), false);
    assert.equal(existsSync(join(place, "kept/x")), true);
  } finally {
    await rm(place, { recursive: true });
  }
});

test("what removes large trees is asked for those alone, and need not manage", async () => {
  const place = await mkdtemp(join(tmpdir(), "tug-"));
  try {
    const asked: string[] = [];
    const large = async (path: string) => {
      asked.push(path);
      throw new Error("no");
    };
    for (const count of [3, 500]) {
      const tree = join(place, `${count}`);
      await mkdir(tree);
      for (let index = 0; index < count; index += 1) await writeFile(join(tree, `${index}`), "");
      await removeTree(tree, { large });
      assert.equal(existsSync(tree), false);
    }
    assert.deepEqual(asked, [join(place, "500")]);
  } finally {
    await rm(place, { recursive: true });
  }
});
