import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Container,
  container,
  differs,
  isDead,
  processesOf,
  skip,
  succeeded,
  until,
} from "./harness/index.ts";

/** A container whose program tells each signal that comes. */
async function catching(): Promise<{ made: Container; output: () => string }> {
  const made = await container({ args: ["probe", "catch", "TERM"] });
  const { output } = succeeded(await made.create());
  succeeded(await made.start());
  await until("the program listens", () => output().includes('"ready":true'));
  return { made, output };
}

test("signals go by number and by name, with and without SIG, in any case; TERM without one", {
  skip,
}, async () => {
  const { made, output } = await catching();
  await using _ = made;
  for (const [signal, name] of [
    ["10", "USR1"],
    ["USR2", "USR2"],
    ["SIGHUP", "HUP"],
    ["winch", "WINCH"],
    ["sigcont", "CONT"],
  ] as const) {
    succeeded(await made.kill(signal));
    await until(`${signal} has come`, () => output().includes(`"signal":"${name}"`));
  }
  succeeded(await made.kill());
  await made.stopped();
  assert.match(output(), /"signal":"TERM"/);
});

test("a signal that there is none of is refused", { skip }, async () => {
  const { made } = await catching();
  await using _ = made;
  for (const signal of ["NONSENSE", "SIG", "999", "-"]) {
    const { code, stderr } = await made.kill(signal);
    assert.notEqual(code, 0, signal);
    assert.match(stderr, /signal/i);
  }
  assert.equal((await made.state()).status, "running");
});

test("to kill what has stopped, or does not exist, is an error that callers know by its words", {
  skip: skip || differs({ crun: "has words of its own" }),
}, async () => {
  await using made = await container();
  const missing = await made.kill("KILL");
  assert.notEqual(missing.code, 0);
  assert.match(missing.stderr, /does not exist/);
  succeeded(await made.create());
  succeeded(await made.start());
  await made.stopped();
  const late = await made.kill("KILL");
  assert.notEqual(late.code, 0);
  assert.match(late.stderr, /container not running/);
});

test("--all reaches every process, of a container without a pid namespace too", { skip }, async () => {
  for (const namespaces of [[{ type: "mount" }], [{ type: "mount" }, { type: "pid" }]] as const) {
    await using made = await container({
      args: ["probe", "fork", "3", ",", "orphan", ",", "sleep", "100"],
      linux: { namespaces },
    });
    const { output } = succeeded(await made.create());
    succeeded(await made.start());
    await until("they are there", () => output().includes('"verb":"orphan"'));
    const pids = processesOf(made.id).map(({ pid }) => pid);
    assert.equal(pids.length, 5);
    succeeded(await made.kill("KILL", "--all"));
    await until("they are gone", () => pids.every(isDead));
    assert.equal((await made.state()).status, "stopped");
  }
});

test("without --all only the first process gets the signal", { skip }, async () => {
  await using made = await container({
    args: ["probe", "fork", "2", ",", "catch", "TERM", ",", "sleep", "100"],
    linux: { namespaces: [{ type: "mount" }] },
  });
  const { output } = succeeded(await made.create());
  succeeded(await made.start());
  await until("it listens", () => output().includes('"ready":true'));
  succeeded(await made.kill("TERM"));
  await until("it has come", () => output().includes('"last":"TERM"'));
  assert.equal(processesOf(made.id).length, 3);
});

test("--all of a stopped container ends what it has left behind", {
  skip,
}, async () => {
  await using made = await container({
    args: ["probe", "orphan"],
    linux: { namespaces: [{ type: "mount" }] },
  });
  succeeded(await made.create());
  succeeded(await made.start());
  await made.stopped();
  assert.equal(processesOf(made.id).length, 1);
  succeeded(await made.kill("KILL", "--all"));
  await until("it is gone", () => processesOf(made.id).length === 0);
});
