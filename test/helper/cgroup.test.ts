import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import { requireRoot } from "../environment/requirements.ts";
import { failureOf, run, slot, type TestOp } from "./driver.ts";

const { ENOENT, EBUSY, EINVAL } = constants.errno;
const mounts = cgroupMounts();
const version1 = mounts.get("cpuset") ?? "";
const version2 = mounts.get("cgroup2") ?? "";
const skip = requireRoot();
const skip1 = skip || (version1 === "" ? "no v1 cpuset hierarchy" : false);
const skip2 = skip || (version2 === "" ? "no v2 hierarchy" : false);
const name = `tug-test-${process.pid}`;
const exec = (script: string): TestOp => ({
  op: "exec",
  args: ["/bin/sh", "-c", script],
  env: ["PATH=/bin"],
});
const remove = (path: string): TestOp => ({ op: "cgroupRemove", path, timeout: 10_000 });

test("a v1 cpuset is usable at every fresh level, and joined by its tasks file", {
  skip: skip1,
}, async () => {
  const path = `${version1}/${name}`;
  const group: TestOp = { op: "cgroupCreate", mount: version1, path: `${name}/a/b`, cpuset: 1, out: slot(0) };
  const { stdout, failure } = await run({
    host: [group, { op: "runStage" }, { op: "awaitExec" }, { op: "waitExit" }, remove(path)],
    stage: [{ op: "spawn" }],
    init: [
      { op: "cgroupJoin", group: slot(0), version: 1 },
      exec(`grep cpuset /proc/self/cgroup; cat ${path}/a/b/cpuset.mems`),
    ],
  });
  assert.equal(failure, undefined);
  assert.match(
    stdout,
    new RegExp(`:cpuset:/${name}/a/b\\n${readFileSync(`${version1}/cpuset.mems`, "utf8").trim()}\\n$`),
  );
  assert.ok(!existsSync(path));
});

test("the processes of a v2 group move out of the way, so that it hands controllers on", {
  skip: skip2,
}, async () => {
  const path = `${version2}/${name}`;
  const create = (below: string, out: number): TestOp => ({
    op: "cgroupCreate",
    mount: version2,
    path: `${name}${below}`,
    out: slot(out),
  });
  const vacate: TestOp = { op: "cgroupVacate", path, leaf: "main" };
  const created = Promise.withResolvers<number>();
  const ended = run(
    {
      host: [create("", 0), { op: "runStage" }, { op: "awaitExec" }, { op: "waitExit" }],
      stage: [{ op: "spawn", group: slot(0) }],
      init: [exec("sleep 1000 & wait")],
    },
    { onCreated: created.resolve },
  );
  const pid = await created.promise;
  const { failure: none } = await run({ host: [vacate, vacate, create("/other", 0)], stage: [], init: [] });
  assert.equal(none, undefined);
  assert.equal(readFileSync(`${path}/cgroup.procs`, "utf8"), "");
  assert.ok(readFileSync(`${path}/main/cgroup.procs`, "utf8").split("\n").includes(String(pid)));
  const kill: TestOp = { op: "cgroupKill", path, signal: 9, timeout: 10_000 };
  await run({ host: [kill, remove(path)], stage: [], init: [] });
  await ended;
  assert.ok(!existsSync(path));
  const { failure } = await run({ host: [{ ...vacate, path: `${path}/none` }], stage: [], init: [] });
  assert.equal(failure?.errno, ENOENT);
});

test("a process is born in its v2 group, from a forked stage too", { skip: skip2 }, async () => {
  const path = `${version2}/${name}`;
  for (const fork of [0, 1]) {
    const { stdout, failure } = await run({
      host: [
        {
          op: "cgroupCreate",
          mount: version2,
          path: `${name}/a`,
          controllers: ["hugetlb", "nonsense"],
          out: slot(0),
        },
        { op: "runStage", fork },
        { op: "awaitExec" },
        { op: "waitExit" },
        remove(path),
      ],
      stage: [{ op: "spawn", group: slot(0) }],
      init: [exec(`grep ^0: /proc/self/cgroup; cat ${path}/cgroup.subtree_control`)],
    });
    assert.equal(failure, undefined);
    assert.match(stdout, new RegExp(`^0::/${name}/a\\n(hugetlb)?\\n`));
    assert.ok(!existsSync(path));
  }
});

test("values are written once and refused with the kernel's errno and the file's name", {
  skip: skip2,
}, async () => {
  const path = `${version2}/${name}`;
  const create: TestOp = { op: "cgroupCreate", mount: version2, path: name, out: slot(0) };
  const set = (file: string, value: string): TestOp => ({ op: "cgroupSet", group: slot(0), file, value });
  await run({ host: [create, set("cgroup.max.depth", "7")] });
  assert.equal(readFileSync(`${path}/cgroup.max.depth`, "utf8"), "7\n");
  const open: TestOp = { op: "cgroupOpen", path, out: slot(0) };
  const failure = await failureOf({ host: [open, set("cgroup.max.depth", "-7")] });
  assert.deepEqual([failure.index, failure.call, failure.path], [1, "write", "cgroup.max.depth"]);
  assert.equal((await failureOf({ host: [open, set("../x", "1")] })).errno, EINVAL);
  assert.equal((await failureOf({ host: [open, set("none", "1")] })).errno, ENOENT);
  assert.equal((await run({ host: [remove(path)] })).failure, undefined);
});

test("only a directory of a cgroup file system is a group, and no path climbs out of it", {
  skip: skip2,
}, async () => {
  assert.equal((await failureOf({ host: [{ op: "cgroupOpen", path: "/tmp", out: slot(0) }] })).errno, EINVAL);
  for (const path of ["..", "a/../../b", "./x"]) {
    const failure = await failureOf({ host: [{ op: "cgroupCreate", mount: version2, path, out: slot(0) }] });
    assert.equal(failure.errno, EINVAL);
  }
  if (existsSync(`${version2}/a`)) rmdirSync(`${version2}/a`);
});

for (const [label, mount, reason] of [
  ["v1", version1, skip1],
  ["v2", version2, skip2],
] as const) {
  test(`every process of a ${label} group and of those below is killed, then the groups go`, {
    skip: reason,
  }, async () => {
    const path = `${mount}/${name}`;
    const version = label === "v1" ? 1 : 2;
    for (const below of ["", "/below"]) {
      const created = await run(
        {
          host: [
            {
              op: "cgroupCreate",
              mount,
              path: `${name}${below}`,
              cpuset: version === 1 ? 1 : 0,
              out: slot(0),
            },
            { op: "runStage" },
            { op: "awaitExec" },
          ],
          stage: [{ op: "spawn" }],
          init: [
            { op: "cgroupJoin", group: slot(0), version },
            exec("sleep 1000 & sleep 1000 & exec sleep 1000"),
          ],
        },
        { output: false },
      );
      assert.equal(created.failure, undefined);
    }
    const busy = await failureOf({ host: [{ op: "cgroupRemove", path, timeout: 30 }] });
    assert.deepEqual([busy.errno, busy.path], [EBUSY, path]);
    const { failure } = await run({
      host: [{ op: "cgroupKill", path, signal: 9, timeout: 10_000 }, remove(path)],
    });
    assert.equal(failure, undefined);
    assert.ok(!existsSync(path));
    const gone = { op: "cgroupKill", path, signal: 9, timeout: 0 } as const;
    assert.equal((await failureOf({ host: [gone] })).errno, ENOENT);
    assert.equal((await run({ host: [{ ...gone, ignore: ["ENOENT"] }] })).failure, undefined);
  });
}

for (const [label, mount, reason] of [
  ["v1", mounts.get("freezer") ?? "", skip || (mounts.has("freezer") ? false : "no v1 freezer hierarchy")],
  ["v2", version2, skip2],
] as const) {
  test(`a ${label} group is frozen with all its processes, and goes on`, { skip: reason }, async () => {
    const path = `${mount}/${name}`;
    const version = label === "v1" ? 1 : 2;
    const created = await run(
      {
        host: [
          { op: "cgroupCreate", mount, path: name, out: slot(0) },
          { op: "runStage" },
          { op: "awaitExec" },
        ],
        stage: [{ op: "spawn" }],
        init: [
          { op: "cgroupJoin", group: slot(0), version },
          exec("trap 'kill $!; exit' TERM; while :; do :; done & while :; do /bin/true; done"),
        ],
      },
      { output: false },
    );
    assert.equal(created.failure, undefined);
    const freeze = (frozen: number): TestOp => ({ op: "cgroupFreeze", path, frozen, timeout: 10_000 });
    const state = () =>
      readFileSync(`${path}/${version === 1 ? "freezer.state" : "cgroup.events"}`, "utf8").trim();
    assert.equal((await run({ host: [freeze(1)] })).failure, undefined);
    assert.match(state(), version === 1 ? /^FROZEN$/ : /^frozen 1$/m);
    assert.equal((await run({ host: [freeze(0)] })).failure, undefined);
    assert.match(state(), version === 1 ? /^THAWED$/ : /^frozen 0$/m);
    const { failure } = await run({
      host: [{ op: "cgroupKill", path, signal: 9, timeout: 10_000 }, remove(path)],
    });
    assert.equal(failure, undefined);
    assert.equal((await failureOf({ host: [freeze(1)] })).errno, ENOENT);
  });
}

test("a device program is attached, and a second one takes its place", { skip: skip2 }, async () => {
  const path = `${version2}/${name}`;
  mkdirSync(path);
  const open: TestOp = { op: "cgroupOpen", path, out: slot(0) };
  const attach = (allow: number): TestOp => ({
    op: "cgroupDevices",
    group: slot(0),
    program: returning(allow),
  });
  const read = () =>
    run({
      host: [open, { op: "runStage" }, { op: "awaitExec" }, { op: "waitExit" }],
      stage: [{ op: "spawn", group: slot(0) }],
      init: [exec("head -c1 /dev/zero > /dev/null 2>&1 && echo allowed; true")],
    });
  try {
    const first = await run({ host: [open, attach(0)] });
    assert.equal(first.failure, undefined);
    assert.equal((await read()).stdout, "");
    assert.equal((await run({ host: [open, attach(1)] })).failure, undefined);
    assert.equal((await read()).stdout, "allowed\n");
    assert.equal(
      (await failureOf({ host: [open, { op: "cgroupDevices", group: slot(0), program: new Uint8Array(8) }] }))
        .path,
      "BPF_PROG_LOAD",
    );
  } finally {
    await run({ host: [remove(path)] });
  }
});

/** r0 = value; exit */
function returning(value: number): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt8(0xb7, 0);
  bytes.writeInt32LE(value, 4);
  bytes.writeUInt8(0x95, 8);
  return bytes;
}

/** Mount points by v1 controller, and of `cgroup2`. */
function cgroupMounts(): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const [head = "", tail = ""] = line.split(" - ");
    const [type, , options = ""] = tail.split(" ");
    const path = head.split(" ")[4] ?? "";
    if (type === "cgroup2") found.set("cgroup2", path);
    if (type === "cgroup") for (const option of options.split(",")) found.set(option, path);
  }
  return found;
}
