import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCgroup } from "./cgroup.ts";

test("v1, named and v2 hierarchies", () => {
  assert.deepEqual(parseCgroup("12:cpu,cpuacct:/a b\n1:name=systemd:/user.slice\n0::/\n"), [
    { hierarchy: 12, controllers: ["cpu", "cpuacct"], path: "/a b" },
    { hierarchy: 1, controllers: ["name=systemd"], path: "/user.slice" },
    { hierarchy: 0, controllers: [], path: "/" },
  ]);
});

test("a path may hold colons", () => {
  assert.deepEqual(parseCgroup("0::/system.slice/a:b:c"), [
    { hierarchy: 0, controllers: [], path: "/system.slice/a:b:c" },
  ]);
});

test("the group of a process whose group is gone loses its mark", () => {
  assert.equal(parseCgroup("0::/gone (deleted)")[0]?.path, "/gone");
});

test("lines that are not of the form are left out", () => {
  assert.deepEqual(parseCgroup("\nx\n1:cpu\n:cpu:/\n"), []);
});
