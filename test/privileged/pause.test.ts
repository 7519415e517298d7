import assert from "node:assert/strict";
import { test } from "node:test";
import { container, differs, groupFile, groupOf, isDead, skip, succeeded, until } from "./harness/index.ts";

/** What the freezer says of a group: whether its processes are frozen by now. */
function frozen(pid: number): boolean {
  const group = groupOf(pid, "freezer");
  assert.ok(group);
  if (group.version === 1) return groupFile(group, "freezer.state") === "FROZEN";
  return /^frozen 1$/m.test(groupFile(group, "cgroup.events") ?? "");
}

test("pause freezes what runs, resume lets it go on; state and list tell", { skip }, async () => {
  await using made = await container({ args: ["sh", "-c", "while :; do echo x; sleep 0.05; done"] });
  const { output } = succeeded(await made.run(["--detach"]));
  const { pid } = await made.state();
  await until("it runs", () => output() !== "");
  succeeded(await made.runtime(["pause", made.id]));
  assert.ok(frozen(pid));
  assert.equal((await made.state()).status, "paused");
  assert.match(succeeded(await made.runtime(["list"])).stdout, / paused /);
  const before = output().length;
  succeeded(await made.runtime(["resume", made.id]));
  assert.ok(!frozen(pid));
  assert.equal((await made.state()).status, "running");
  await until("it goes on", () => output().length > before);
});

test("a created container can be paused too, and is created after", {
  skip: skip || differs({ crun: "refuses" }),
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.create());
  succeeded(await made.runtime(["pause", made.id]));
  assert.equal((await made.state()).status, "paused");
  succeeded(await made.runtime(["resume", made.id]));
  assert.equal((await made.state()).status, "created");
});

test("what is paused already, is not paused, or does not run is refused in runc's words", {
  skip: skip || differs({ runc: "1.1 pauses twice", crun: "has words of its own" }),
}, async () => {
  await using made = await container({ args: ["true"] });
  assert.match((await made.runtime(["pause", made.id])).stderr, /does not exist/);
  succeeded(await made.create());
  const early = await made.runtime(["resume", made.id]);
  assert.notEqual(early.code, 0);
  assert.match(early.stderr, /container not paused/);
  succeeded(await made.runtime(["pause", made.id]));
  const twice = await made.runtime(["pause", made.id]);
  assert.notEqual(twice.code, 0);
  assert.match(twice.stderr, /paused/);
  succeeded(await made.runtime(["resume", made.id]));
  succeeded(await made.start());
  await made.stopped();
  const late = await made.runtime(["pause", made.id]);
  assert.notEqual(late.code, 0);
  assert.match(late.stderr, /container not running/);
});

test("a paused container is killed by SIGKILL, and by delete --force", {
  skip: skip || differs({ crun: "on v1 it stays frozen" }),
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  for (const kill of [() => made.kill("KILL"), () => made.delete("--force")]) {
    succeeded(await made.run(["--detach"]));
    const { pid } = await made.state();
    succeeded(await made.runtime(["pause", made.id]));
    succeeded(await kill());
    await until("it is dead", () => isDead(pid));
    await made.delete("--force");
    made.assertNothingLeft();
  }
});

test("exec in a paused container is refused, unless it may wait", {
  skip: skip || differs({ crun: "has no --ignore-paused" }),
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.run(["--detach"]));
  succeeded(await made.runtime(["pause", made.id]));
  const refused = await made.runtime(["exec", made.id, "true"]);
  assert.equal(refused.code, 255);
  assert.match(refused.stderr, /paused container/);
  const waiting = made.runtime(["exec", "--ignore-paused", made.id, "echo", "at last"]);
  succeeded(await made.runtime(["resume", made.id]));
  assert.equal(succeeded(await waiting).stdout, "at last\n");
});
