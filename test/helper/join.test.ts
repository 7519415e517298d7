import assert from "node:assert/strict";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import { cloneFlags, type Slot } from "../../src/plan/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { type BoxParts, boxPlan, makeRootfs, runBox } from "./box.ts";
import { run, slot, type TestOp } from "./driver.ts";

const skip = requireRoot();
const { NEWPID, NEWNS, NEWUTS, NEWIPC, NEWNET, NEWUSER } = cloneFlags;
const { EINVAL } = constants.errno;
const all = NEWPID | NEWNS | NEWUTS | NEWIPC | NEWNET;

/** Runs `inspect` while a box is alive, with the pid of its init. */
async function whileRunning(parts: BoxParts, inspect: (pid: number, rootfs: string) => Promise<void>) {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  let inspection: Promise<void> | undefined;
  const { failure } = await run(
    boxPlan(rootfs, "echo > /tmp/ready; until [ -e /tmp/end ]; do sleep 0.01; done", parts),
    {
      onCreated: (pid) => {
        inspection = (async () => {
          while (!existsSync(`${rootfs}/tmp/ready`)) await new Promise(setImmediate);
          try {
            await inspect(pid, rootfs);
          } finally {
            process.kill(pid, "SIGKILL");
          }
        })();
        inspection.catch(() => undefined);
      },
    },
  );
  assert.equal(failure, undefined);
  await inspection;
}

function execPlan(pid: number, flags: number, script: string) {
  const host: TestOp[] = [
    { op: "openProcess", pid, startTime: startTime(pid), out: slot(0) },
    { op: "runStage", fork: 1 },
    { op: "awaitExec" },
    { op: "waitExit" },
  ];
  return {
    host,
    stage: [{ op: "join", process: slot(0), flags }, { op: "spawn" }] as TestOp[],
    init: [{ op: "exec", args: ["/bin/sh", "-c", script], env: ["PATH=/bin"] }] as TestOp[],
  };
}

test("a program is executed in a running container by its pidfd", { skip }, async () => {
  await whileRunning({ enter: [{ op: "hostName", name: "joined" }] }, async (pid) => {
    const { stdout, failure } = await run(
      execPlan(
        pid,
        all,
        "hostname; cat /etc/hostname; readlink /proc/self/ns/net; ls /proc | grep -c '^1$'; pwd",
      ),
    );
    assert.equal(failure, undefined);
    const lines = stdout.trim().split("\n");
    assert.deepEqual([lines[0], lines[1], lines[3], lines[4]], ["joined", "rootfs", "1", "/"]);
    assert.notEqual(lines[2], readlinkSync("/proc/self/ns/net"));
  });
});

test("a program joins a container with a user namespace and is root there", { skip }, async () => {
  const parts: BoxParts = {
    nodes: false,
    host: [{ op: "userNamespace", uidMap: "0 0 65536", gidMap: "0 0 65536", out: slot(3) }],
    stage: [
      { op: "join", namespaces: [slot(3)] },
      { op: "spawn", flags: all },
    ],
  };
  await whileRunning(parts, async (pid) => {
    const { stdout, failure } = await run(execPlan(pid, all | NEWUSER, "id -u; cat /proc/self/uid_map"));
    assert.equal(failure, undefined);
    assert.match(stdout, /^0\n +0 +0 +65536\n$/);
  });
});

test("namespaces are joined one by one, those of a user namespace after it", { skip }, async () => {
  const parts: BoxParts = {
    nodes: false,
    host: [{ op: "userNamespace", uidMap: "0 0 65536", gidMap: "0 0 65536", out: slot(3) }],
    stage: [
      { op: "join", namespaces: [slot(3)] },
      { op: "spawn", flags: NEWPID | NEWNS | NEWUTS },
    ],
    enter: [{ op: "hostName", name: "joined" }],
  };
  await whileRunning(parts, async (pid, rootfs) => {
    const kinds = [
      ["uts", NEWUTS],
      ["pid", NEWPID],
      ["user", NEWUSER],
      ["mnt", NEWNS],
    ] as const;
    const host: TestOp[] = [
      ...kinds.map(
        ([name, kind], index) =>
          ({ op: "openNamespace", path: `/proc/${pid}/ns/${name}`, kind, out: slot(index) }) as const,
      ),
      { op: "runStage", fork: 1 },
      { op: "awaitExec" },
      { op: "waitExit" },
    ];
    const { stdout, failure } = await run({
      host,
      stage: [{ op: "join", namespaces: kinds.map((_, index): Slot => slot(index)) }, { op: "spawn" }],
      init: [
        {
          op: "exec",
          args: ["/bin/sh", "-c", "hostname; cat /etc/hostname /proc/self/uid_map"],
          env: ["PATH=/bin"],
        },
      ],
    });
    assert.equal(failure, undefined);
    assert.match(stdout, /^joined\nrootfs\n +0 +0 +65536\n$/);
    assert.ok(existsSync(rootfs));
  });
});

test("joining what cannot be joined is reported from the stage", { skip }, async () => {
  const { failure } = await run(execPlan(process.pid, NEWUSER, "true"));
  assert.deepEqual(
    [failure?.list, failure?.index, failure?.call, failure?.errno],
    ["stage", 0, "setns", EINVAL],
  );
});

test("the cgroup namespace begins where the process is", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const { stdout, failure } = await runBox(rootfs, "cut -d: -f3 /proc/self/cgroup | sort -u", {
    enter: [{ op: "unshare", flags: cloneFlags.NEWCGROUP }],
  });
  assert.equal(failure, undefined);
  assert.equal(stdout, "/\n");
});

function startTime(pid: number): bigint {
  return BigInt(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? "0");
}
