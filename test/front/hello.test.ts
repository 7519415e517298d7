import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { helperPath } from "../helper/driver.ts";

const hello = join(dirname(helperPath), "hello");

test("hello reports what the kernel says, as lines and as JSON", () => {
  const text = execFileSync(hello, { encoding: "utf8" });
  const lines = Object.fromEntries(
    [...text.matchAll(/^ {2}([a-z ]+): +(.*)$/gm)].map(([, key, value]) => [key, value]),
  );
  const json = JSON.parse(execFileSync(hello, ["--json"], { encoding: "utf8" }));
  assert.deepEqual({ ...lines, pid: "" }, { ...json, pid: "" });
  assert.equal(json.hostname, hostname());
  assert.equal(json.user, `${process.geteuid?.()}:${process.getegid?.()}`);
  for (const kind of ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"])
    assert.equal(json[`${kind} namespace`], readlinkSync(`/proc/self/ns/${kind}`));
  const status = readFileSync("/proc/self/status", "utf8");
  assert.equal(json.capabilities, /^CapEff:\t(.*)$/m.exec(status)?.[1]);
  assert.equal(Number(json.cpus), Number(execFileSync("nproc", { encoding: "utf8" })));
  assert.equal(Number(json.mounts), readFileSync("/proc/self/mountinfo", "utf8").split("\n").length - 1);
  assert.match(json["memory limit"], /^(none|\d+)$/);
  assert.match(json["cpu limit"], /^(none|\d+(\.\d\d)?)$/);
});

test("hello is small and refuses what it does not know", () => {
  assert.ok(statSync(hello).size < 20_000);
  const { status, stdout, stderr } = spawnSync(hello, ["--help"], { encoding: "utf8" });
  assert.deepEqual([status, stdout], [2, ""]);
  assert.match(stderr, /^hello: [^\n]+\n$/);
});
