import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { container, differs, isDead, type StateReport, skip, succeeded } from "./harness/index.ts";

const annotations = { "org.example.one": "1", two: 'with "quotes", ünïcode, 100% and\nlines' };

test("state tells what the specification and callers of runc want to know", {
  skip: skip || differs({ crun: "has a member more and a relative rootfs" }),
}, async () => {
  const before = Math.floor(Date.now() / 1000) * 1000;
  await using made = await container({ args: ["sleep", "100"], top: { annotations } });
  succeeded(await made.create());
  const { created, ...state } = await made.state();
  assert.deepEqual(
    { ...state, ociVersion: "", owner: "" },
    {
      ociVersion: "",
      id: made.id,
      pid: state.pid,
      status: "created",
      bundle: made.bundle,
      rootfs: made.rootfs,
      annotations,
      owner: "",
    },
  );
  assert.match(state.ociVersion, /^1\.\d+\.\d+/);
  assert.equal(isDead(state.pid), false);
  assert.match(created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  assert.ok(Date.parse(created) >= before && Date.parse(created) <= Date.now());
});

test("the state's bundle is absolute whatever the flag was", { skip }, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.create(["--bundle", "../bundle"]));
  assert.equal((await made.state()).bundle, made.bundle);
});

test("a stopped container has no pid", { skip }, async () => {
  await using made = await container();
  succeeded(await made.create());
  succeeded(await made.start());
  await made.stopped();
  const { status, pid } = await made.state();
  assert.deepEqual([status, pid], ["stopped", 0]);
});

test("state of a container that is not there says that it does not exist", {
  skip: skip || differs({ crun: "has words of its own" }),
}, async () => {
  await using made = await container();
  const { code, stdout, stderr } = await made.runtime(["state", made.id]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /does not exist/);
});

test("list is a table, JSON with what state has, or ids alone", {
  skip: skip || differs({ crun: "prints other columns" }),
}, async () => {
  await using made = await container({ args: ["sleep", "100"], top: { annotations } });
  const second = `${made.id}-b`;
  succeeded(await made.create());
  succeeded(await made.runtime(["run", "--detach", second]));
  try {
    const states = [
      await made.state(),
      JSON.parse((await made.runtime(["state", second])).stdout) as StateReport,
    ];
    const table = succeeded(await made.runtime(["list"]))
      .stdout.trimEnd()
      .split("\n");
    assert.deepEqual(table[0]?.split(/ +/), ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]);
    assert.deepEqual(
      table.slice(1).map((line) => line.split(/ +/).slice(0, 4)),
      states.map(({ id, pid, status, bundle }) => [id, String(pid), status, bundle]),
    );
    assert.ok(table[1]?.endsWith(userInfo().username));
    const json = JSON.parse(
      succeeded(await made.runtime(["list", "--format", "json"])).stdout,
    ) as StateReport[];
    assert.deepEqual(
      json,
      states.map((state) => ({ ...state, owner: userInfo().username })),
    );
    for (const flag of ["-q", "--quiet"])
      assert.equal(succeeded(await made.runtime(["list", flag])).stdout, `${made.id}\n${second}\n`);
  } finally {
    await made.runtime(["delete", "--force", second]);
  }
});

test("a list of none is empty, also where there is no root directory", { skip }, async () => {
  await using made = await container();
  assert.equal(succeeded(await made.runtime(["list", "-q"])).stdout, "");
  assert.match(succeeded(await made.runtime(["list"])).stdout, /^ID|^NAME|^$/);
  mkdirSync(made.root, { recursive: true });
  assert.deepEqual(JSON.parse(succeeded(await made.runtime(["list", "-f", "json"])).stdout) ?? [], []);
});

test("a container whose directory goes while it is looked at does not exist", {
  skip: skip || differs({ runc: "has other files", crun: "has other files" }),
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.create());
  rmSync(join(made.root, made.id, "config.json"));
  assert.equal(succeeded(await made.runtime(["list", "--format", "json"])).stdout, "[]\n");
  assert.match((await made.runtime(["state", made.id])).stderr, /does not exist/);
  succeeded(await made.delete("--force"));
});

test("an unknown format is refused", { skip }, async () => {
  await using made = await container();
  const { code, stderr } = await made.runtime(["list", "--format", "xml"]);
  assert.notEqual(code, 0);
  assert.match(stderr, /format/);
});

test("a damaged state is told with its file, and delete --force removes it", {
  skip: skip || differs({ runc: "tells no file", crun: "reads another file" }),
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.create());
  succeeded(await made.kill("KILL"));
  await made.stopped();
  const path = join(made.root, made.id, "state.json");
  writeFileSync(path, "{ damaged");
  const { code, stderr } = await made.runtime(["state", made.id]);
  assert.notEqual(code, 0);
  assert.ok(stderr.includes(path), stderr);
  succeeded(await made.delete("--force"));
  assert.equal(succeeded(await made.runtime(["list", "-q"])).stdout, "");
});
