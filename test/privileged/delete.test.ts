import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import { container, differs, groupOf, isDead, processesOf, skip, succeeded, until } from "./harness/index.ts";

test("a running container is not deleted without force", {
  skip: skip || differs({ crun: "has words of its own" }),
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.create());
  succeeded(await made.start());
  const { code, stderr } = await made.delete();
  assert.notEqual(code, 0);
  assert.match(stderr, /is not stopped|not in stopped/);
  assert.equal((await made.state()).status, "running");
});

test("force kills a running container and removes it; what it left behind dies too", { skip }, async () => {
  for (const flag of ["--force", "-f"]) {
    await using made = await container({
      args: ["probe", "fork", "3", ",", "orphan", ",", "sleep", "100"],
      linux: { namespaces: [{ type: "mount" }] },
    });
    const { output } = succeeded(await made.create());
    succeeded(await made.start());
    await until("they are there", () => output().includes('"verb":"orphan"'));
    const pids = processesOf(made.id).map(({ pid }) => pid);
    assert.ok(pids.length >= 5);
    succeeded(await made.delete(flag));
    assert.ok(pids.every(isDead));
    made.assertNothingLeft();
  }
});

test("a regular expression deletes all containers that it fits, one that fails keeps no other", {
  skip: skip || differs({ runc: "has no --regex", crun: "says 0 though one was not deleted" }),
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  const create = async (id: string) => succeeded(await made.runtime(["create", id]));
  for (const suffix of ["a1", "a2", "b"]) await create(`${made.id}-${suffix}`);
  succeeded(await made.runtime(["start", `${made.id}-a1`]));
  const ids = async () =>
    succeeded(await made.runtime(["list", "--quiet"]))
      .stdout.trim()
      .split("\n");
  const failed = await made.runtime(["delete", "--regex", "a[12]$"]);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /not stopped/);
  assert.deepEqual(await ids(), [`${made.id}-a1`, `${made.id}-b`]);
  succeeded(await made.runtime(["delete", "--force", "--regex", "(a1|b)$"]));
  made.assertNothingLeft();
  assert.equal((await made.runtime(["delete", "--regex", "("])).code, 1);
});

test("a created container is deleted without force, as in runc", {
  skip,
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.create());
  const { pid } = await made.state();
  succeeded(await made.delete());
  assert.ok(isDead(pid));
  made.assertNothingLeft();
});

test("processes that a stopped container has left in its group are killed at delete", { skip }, async () => {
  await using made = await container({
    args: ["probe", "orphan"],
    linux: { namespaces: [{ type: "mount" }] },
  });
  succeeded(await made.create());
  succeeded(await made.start());
  await made.stopped();
  assert.equal(processesOf(made.id).length, 1);
  succeeded(await made.delete());
  made.assertNothingLeft();
});

test("groups that the container has made below its own are removed", { skip }, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.create());
  const group = groupOf((await made.state()).pid, "pids");
  assert.ok(group);
  mkdirSync(`${group.directory}/below/deeper`, { recursive: true });
  succeeded(await made.start());
  succeeded(await made.delete("--force"));
  made.assertNothingLeft();
});

test("to delete what does not exist is an error, with force it is none", {
  skip: skip || differs({ crun: "has words of its own" }),
}, async () => {
  await using made = await container();
  const { code, stderr } = await made.delete();
  assert.notEqual(code, 0);
  assert.match(stderr, /does not exist/);
  succeeded(await made.delete("--force"));
  succeeded(await made.create());
  succeeded(await made.delete("--force"));
  assert.match((await made.delete()).stderr, /does not exist/);
});

test("an id can be used again after delete", { skip }, async () => {
  await using made = await container();
  for (let round = 0; round < 2; round += 1) {
    succeeded(await made.create());
    succeeded(await made.start());
    await made.stopped();
    succeeded(await made.delete());
    made.assertNothingLeft();
  }
});

test("of several deletes at once all agree that the container is gone", {
  skip: skip || differs({ crun: "all but one fail" }),
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.create());
  succeeded(await made.start());
  const outcomes = await Promise.all([1, 2, 3].map(() => made.delete("--force")));
  for (const outcome of outcomes) succeeded(outcome);
  made.assertNothingLeft();
});
