import assert from "node:assert/strict";
import { test } from "node:test";
import type { Process } from "../../specs/oci-runtime/index.ts";
import type { ExecRequest } from "../model/exec-request.ts";
import { execProcess } from "./process.ts";

const first: Process = {
  terminal: true,
  consoleSize: { height: 1, width: 2 },
  user: { uid: 7, gid: 8, additionalGids: [9] },
  args: ["sleep", "1000"],
  env: ["PATH=/bin", "A=container", "B=container"],
  cwd: "/srv",
  capabilities: { bounding: ["CAP_KILL"], effective: [], permitted: [] },
  rlimits: [{ type: "RLIMIT_NOFILE", soft: 5n, hard: 6n }],
  noNewPrivileges: true,
  oomScoreAdj: 100,
};

const request: ExecRequest = {
  args: ["id"],
  env: [],
  privileged: false,
  tty: false,
  attach: { stdin: false, stdout: true, stderr: true },
};

const root = { uid: 0, gid: 0, groups: [4] };

function processOf(
  asked: Partial<ExecRequest>,
  more: Partial<Parameters<typeof execProcess>[0]> = {},
): Process {
  const input = {
    first,
    request: { ...request, ...asked },
    user: root,
    consoleSize: undefined,
    available: 0b11n,
  };
  return execProcess({ ...input, ...more });
}

test("limits, labels and promises are the container's, program and user are not", () => {
  const { consoleSize: _, ...inherited } = first;
  assert.deepEqual(processOf({}), {
    ...inherited,
    terminal: false,
    args: ["id"],
    user: { uid: 0, gid: 0, additionalGids: [4] },
    capabilities: { bounding: ["CAP_KILL"], effective: ["CAP_KILL"], permitted: ["CAP_KILL"] },
  });
});

test("variables are added to the container's, replaced, and removed", () => {
  assert.deepEqual(processOf({ env: ["B=mine", "C=new", "A"] }).env, ["PATH=/bin", "B=mine", "C=new"]);
});

test("a terminal has a kind, which the container may name otherwise, and a size", () => {
  const consoleSize = { height: 24, width: 80 };
  const process = processOf({ tty: true }, { consoleSize });
  assert.deepEqual([process.env?.[0], process.consoleSize], ["TERM=xterm", consoleSize]);
  const env = ["TERM=dumb"];
  assert.deepEqual(processOf({ tty: true }, { first: { ...first, env } }).env, env);
  assert.equal(processOf({}, { consoleSize }).consoleSize, undefined);
});

test("a privileged process has all capabilities, unless its user has none", () => {
  const all = ["CAP_CHOWN", "CAP_DAC_OVERRIDE"];
  assert.deepEqual(processOf({ privileged: true }).capabilities, {
    bounding: all,
    effective: all,
    permitted: all,
  });
  const user = { uid: 7, gid: 8, groups: [] };
  assert.deepEqual(processOf({ privileged: true }, { user }).capabilities?.effective, []);
});
