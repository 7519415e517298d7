import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { helperTrees } from "../../src/engine/trees.ts";
import { createHelper, type Helper } from "../../src/helper/index.ts";
import { encodeTree, readArchive } from "../../src/images/index.ts";
import { tarArchive, temporaryDirectory } from "../environment/index.ts";
import { helperPath, requireHelper } from "../images/store.ts";

test("a tree is there even if the helper has ended before its source has", {
  skip: requireHelper(),
}, async () => {
  await using directory = await temporaryDirectory();
  const target = join(directory.path, "target");
  await mkdir(target);
  const real = createHelper(helperPath);
  const ended = Promise.withResolvers<void>();
  const helper: Helper = {
    ...real,
    start(plan, options) {
      const execution = real.start(plan, options);
      execution.result.finally(() => ended.resolve()).catch(() => undefined);
      return execution;
    },
  };
  await helperTrees(helper).unpack(target, recordsThatGoOn(ended.promise));
  assert.equal(await readFile(join(target, "file"), "utf8"), "here");
});

/** The end record is the last thing sent, but the source ends only after whoever has read it. */
async function* recordsThatGoOn(readerEnded: Promise<void>): AsyncGenerator<Uint8Array> {
  yield* encodeTree(readArchive(archive()));
  await readerEnded;
}

async function* archive(): AsyncGenerator<Uint8Array> {
  yield tarArchive([{ path: "file", content: "here" }]);
}
