import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecRecord } from "./record.ts";
import { createExecSessions } from "./sessions.ts";

const recordOf = (id: string, containerId: string): ExecRecord => ({
  version: 1,
  id,
  containerId,
  init: { pid: 7, startTime: "70" },
  request: {
    args: ["true"],
    env: [],
    privileged: false,
    tty: false,
    attach: { stdin: false, stdout: false, stderr: false },
  },
});

test("all of a container have ended when each that was started has", async () => {
  const sessions = createExecSessions(() => true);
  sessions.add(recordOf("made", "web"), "/nonexistent");
  sessions.add(recordOf("other", "db"), "/nonexistent").status = "running";
  const [first, second] = ["first", "second"].map((id) => sessions.add(recordOf(id, "web"), "/nonexistent"));
  assert.ok(first !== undefined && second !== undefined);
  [first.status, second.status] = ["starting", "running"];

  let ended = false;
  const all = sessions.allEnded("web").then(() => {
    ended = true;
  });
  first.ended.resolve();
  await new Promise(setImmediate);
  assert.equal(ended, false);
  second.ended.resolve();
  await all;
});
