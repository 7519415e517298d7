import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseProcessStatus } from "./process-status.ts";

test("a process inside a pid namespace", () => {
  const text = [
    "Name:\ta\\\\b\\nState:\tX",
    "State:\tS (sleeping)",
    "Tgid:\t100",
    "PPid:\t1",
    "Uid:\t0\t1000\t0\t0",
    "Gid:\t5\t5\t5\t5",
    "Groups:\t4 24 ",
    "NSpid:\t100\t7\t1",
    "CapInh:\t0000000000000000",
    "CapPrm:\t00000000a80425fb",
    "CapEff:\t00000000a80425fb",
    "CapBnd:\t000001fffeffffff",
    "CapAmb:\t0000000000000000",
    "NoNewPrivs:\t1",
    "Seccomp:\t2",
  ].join("\n");
  assert.deepEqual(parseProcessStatus(text), {
    name: "a\\b\nState:\tX",
    state: "S",
    threadGroup: 100,
    parentPid: 1,
    uids: [0, 1000, 0, 0],
    gids: [5, 5, 5, 5],
    groups: [4, 24],
    namespacePids: [100, 7, 1],
    capabilities: {
      inheritable: 0n,
      permitted: 0xa80425fbn,
      effective: 0xa80425fbn,
      bounding: 0x1fffeffffffn,
      ambient: 0n,
    },
    noNewPrivileges: true,
    seccomp: 2,
  });
});

test("what is missing or damaged is 0 or empty", () => {
  const status = parseProcessStatus("Groups:\nCapPrm:\txyz\nUid:\tone\nnonsense");
  assert.deepEqual(
    [status.groups, status.capabilities.permitted, status.uids, status.seccomp],
    [[], 0n, [], undefined],
  );
});

test("this very process", () => {
  const status = parseProcessStatus(readFileSync("/proc/self/status", "utf8"));
  assert.equal(status.threadGroup, process.pid);
  assert.equal(status.uids[0], process.getuid?.());
  assert.ok(status.groups.every((group) => process.getgroups?.().includes(group)));
});
