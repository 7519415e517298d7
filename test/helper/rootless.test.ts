import assert from "node:assert/strict";
import { readlinkSync, writeFileSync } from "node:fs";
import { chmod, chown, cp } from "node:fs/promises";
import { test } from "node:test";
import { cloneFlags, propagationFlags } from "../../src/plan/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { helperPath, inside, run, slot } from "./driver.ts";

const user = 12345;
const { NEWPID, NEWNS, NEWUTS, NEWIPC, NEWNET } = cloneFlags;

test("a user without privileges is root of a namespace and runs a sealed copy of the helper", {
  skip: requireRoot(),
}, async () => {
  await using directory = await temporaryDirectory();
  await chmod(directory.path, 0o755);
  const program = inside(directory, "tug-helper");
  await cp(helperPath, program);
  await chown(program, user, user);
  let runsFrom = "";
  const seen = inside(directory, "seen");
  const script = `until [ -e ${seen} ]; do sleep 0.01; done; id -u; id -g; hostname; echo $PPID; echo x 2>&1 >>/proc/1/exe`;
  const { stdout, failure } = await run(
    {
      host: [
        {
          op: "userNamespace",
          uidMap: `0 ${user} 1`,
          gidMap: `0 ${user} 1`,
          denySetgroups: 1,
          out: slot(0),
        },
        { op: "runStage", fork: 1 },
        { op: "awaitExec" },
        { op: "waitExit" },
      ],
      stage: [
        { op: "join", namespaces: [slot(0)] },
        { op: "spawn", flags: NEWPID | NEWNS | NEWUTS | NEWIPC | NEWNET },
      ],
      init: [
        { op: "session" },
        { op: "propagation", propagation: propagationFlags.SLAVE },
        { op: "hostName", name: "rootless" },
        { op: "becomeInit", title: "tug:[init]" },
        { op: "exec", args: ["/bin/sh", "-c", script], env: ["PATH=/bin:/usr/bin"] },
      ],
    },
    {
      user,
      program,
      onCreated: (pid) => {
        runsFrom = readlinkSync(`/proc/${pid}/exe`);
        writeFileSync(seen, "");
      },
    },
  );
  assert.equal(failure, undefined);
  assert.match(stdout, /^0\n0\nrootless\n1\n.*: Permission denied\n$/);
  assert.match(runsFrom, /^\/memfd:tug-helper/);
});
