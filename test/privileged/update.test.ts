import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { LinuxResources } from "../../src/specs/oci-runtime/index.ts";
import {
  type Container,
  container,
  differs,
  groupFile,
  groupOf,
  lacksController,
  skip,
  succeeded,
} from "./harness/index.ts";

const needs =
  ["memory", "cpu", "cpuset", "pids"].map(lacksController).find((reason) => reason !== false) ?? false;

const MB = 1024n * 1024n;
const limits: LinuxResources = {
  memory: { limit: 64n * MB, swap: 128n * MB },
  cpu: { shares: 512n, quota: 50_000n, period: 100_000n },
  pids: { limit: 20n },
};

/** A running container with limits. */
async function running(resources: LinuxResources = limits): Promise<Container & { pid: number }> {
  const made = await container({ args: ["sleep", "1000"], linux: { resources } });
  try {
    succeeded(await made.run(["--detach"]));
    return Object.assign(made, { pid: (await made.state()).pid });
  } catch (error) {
    await made[Symbol.asyncDispose]();
    throw error;
  }
}

/** The content of a file of a container's group, by its name on each version. */
function limit(
  pid: number,
  controller: string,
  [v1, v2]: readonly [v1: string, v2: string],
): string | undefined {
  const group = groupOf(pid, controller);
  assert.ok(group);
  return groupFile(group, group.version === 1 ? v1 : v2);
}

const memory = ["memory.limit_in_bytes", "memory.max"] as const;
const swap = ["memory.memsw.limit_in_bytes", "memory.swap.max"] as const;
const pids = ["pids.max", "pids.max"] as const;
const isV1 = groupOf("self", "memory")?.version === 1;

test("flags change limits, and what they do not mention stays", { skip: skip || needs }, async () => {
  await using made = await running();
  const { pid } = made;
  const words = [
    "--memory",
    "96M",
    "--memory-reservation",
    "32m",
    "--cpu-quota",
    "20000",
    "--pids-limit",
    "30",
  ];
  succeeded(await made.runtime(["update", ...words, "--cpuset-cpus", "0", made.id]));
  assert.equal(limit(pid, "memory", memory), String(96n * MB));
  assert.equal(limit(pid, "memory", swap), String((isV1 ? 128n : 32n) * MB));
  assert.equal(limit(pid, "memory", ["memory.soft_limit_in_bytes", "memory.low"]), String(32n * MB));
  assert.equal(limit(pid, "cpu", ["cpu.cfs_quota_us", "cpu.max"]), isV1 ? "20000" : "20000 100000");
  if (isV1) assert.equal(limit(pid, "cpu", ["cpu.shares", "cpu.weight"]), "512");
  assert.equal(limit(pid, "cpuset", ["cpuset.cpus", "cpuset.cpus"]), "0");
  assert.equal(limit(pid, "pids", pids), "30");
});

test("resources come from standard input or a file, and later updates build on earlier ones", {
  skip: skip || needs,
}, async () => {
  await using made = await running();
  const { pid } = made;
  const path = join(made.directory, "resources.json");
  writeFileSync(path, JSON.stringify({ memory: { limit: 33554432, swap: 50331648 }, pids: { limit: -1 } }));
  succeeded(await made.runtime(["update", "--resources", "-", made.id], { stdin: path }));
  assert.equal(limit(pid, "memory", memory), "33554432");
  assert.equal(limit(pid, "memory", swap), isV1 ? "50331648" : "16777216");
  assert.equal(limit(pid, "pids", pids), "max");
  writeFileSync(path, JSON.stringify({ memory: { limit: 25165824 } }));
  succeeded(await made.runtime(["update", "-r", path, made.id]));
  assert.equal(limit(pid, "memory", memory), "25165824");
  assert.equal(limit(pid, "memory", swap), isV1 ? "50331648" : "25165824");
});

test("an update that the kernel refuses is taken back as a whole", {
  skip: skip || needs || differs({ crun: "takes nothing back" }),
}, async () => {
  await using made = await running();
  const { code, stderr } = await made.runtime([
    "update",
    "--memory",
    "96m",
    "--cpuset-cpus",
    "4000",
    made.id,
  ]);
  assert.notEqual(code, 0);
  assert.match(stderr, /cpuset|cpus/);
  assert.equal(limit(made.pid, "memory", memory), String(64n * MB));
  succeeded(await made.runtime(["update", "--pids-limit", "21", made.id]));
  assert.equal(limit(made.pid, "memory", memory), String(64n * MB));
});

test("a limit below what is used is refused where that is asked for", {
  skip: skip || needs || differs({ runc: "1.1 does not look on v1", crun: "1.21 does not look on v1" }),
}, async () => {
  await using made = await container({ args: ["probe", "allocate", "32", ",", "sleep", "1000"] });
  succeeded(await made.run(["--detach"]));
  const { pid } = await made.state();
  const path = join(made.directory, "resources.json");
  writeFileSync(path, JSON.stringify({ memory: { limit: 4096, checkBeforeUpdate: true } }));
  const { code, stderr } = await made.runtime(["update", "--resources", path, made.id]);
  assert.notEqual(code, 0);
  assert.match(stderr, /4096/);
  assert.notEqual(limit(pid, "memory", memory), "4096");
});

test("an update that is wrong is refused, with its place, and changes nothing", {
  skip: skip || needs || differs({ runc: "has no places", crun: "has no places" }),
}, async () => {
  await using made = await running();
  const path = join(made.directory, "resources.json");
  writeFileSync(path, JSON.stringify({ memory: { limit: "much" } }));
  for (const [words, pattern] of [
    [["--memory", "much"], /-memory/],
    [["--cpu-quota", "x"], /-cpu-quota/],
    [["--blkio-weight", "5"], /blockIO\/weight/],
    [["--memory", "256m"], /swap/],
    [["--resources", path], /resources\.json#\/memory\/limit/],
    [["--resources", "/nonexistent"], /\/nonexistent/],
  ] as const) {
    const { code, stderr } = await made.runtime(["update", ...words, made.id]);
    assert.notEqual(code, 0, words.join(" "));
    assert.match(stderr, pattern);
  }
  assert.equal(limit(made.pid, "memory", memory), String(64n * MB));
});

test("update is for containers that have not stopped", {
  skip: skip || needs || differs({ runc: "1.1 updates what is there", crun: "updates what is there" }),
}, async () => {
  await using made = await container({ args: ["true"] });
  assert.match((await made.runtime(["update", "--memory", "96m", made.id])).stderr, /does not exist/);
  succeeded(await made.create());
  succeeded(await made.runtime(["update", "--memory", "96m", made.id]));
  succeeded(await made.start());
  await made.stopped();
  const { code, stderr } = await made.runtime(["update", "--memory", "96m", made.id]);
  assert.notEqual(code, 0);
  assert.match(stderr, /container not running/);
});
