import assert from "node:assert/strict";
import { existsSync, readlinkSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseMountinfo } from "../../host/index.ts";
import { makeGroupYard, onlyUnified } from "./group-yard.ts";

const unified = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate";
const part = "40 23 0:26 /part /mnt rw - cgroup2 cgroup2 rw,nsdelegate";
const legacy = "31 23 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids";

test("the v2 hierarchy is shown where it is the only one, and as a whole", () => {
  assert.equal(onlyUnified(parseMountinfo(`${part}\n${unified}\n`)), "/sys/fs/cgroup");
  assert.equal(onlyUnified(parseMountinfo(`${part}\n`)), undefined);
  assert.equal(onlyUnified(parseMountinfo(`${unified}\n${legacy}\n`)), undefined);
});

test("what a dump that was killed has left is made anew, and removed afterwards", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tug-yard-"));
  try {
    await mkdir(join(directory, "groups/unified"), { recursive: true });
    {
      await using yard = await makeGroupYard(directory, parseMountinfo(unified));
      assert.equal(readlinkSync(`${yard?.path}/unified`), "/sys/fs/cgroup");
    }
    assert.ok(!existsSync(join(directory, "groups")));
    assert.equal(await makeGroupYard(directory, parseMountinfo(legacy)), undefined);
  } finally {
    await rm(directory, { recursive: true });
  }
});
