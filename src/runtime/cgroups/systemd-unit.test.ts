import assert from "node:assert/strict";
import { test } from "node:test";
import { systemdUnit } from "./systemd-unit.ts";

test("slice:prefix:name is a scope within slices of its parts", () => {
  assert.deepEqual(systemdUnit("machine-qemu-vm.slice:libpod:web", "id"), {
    name: "libpod-web.scope",
    slice: "machine-qemu-vm.slice",
    path: "/machine.slice/machine-qemu.slice/machine-qemu-vm.slice/libpod-web.scope",
  });
  assert.equal(systemdUnit("-.slice:p:n", "id").path, "/p-n.scope");
  assert.equal(systemdUnit("user.slice::n", "id").name, "n.scope");
});

test("what is left out is system.slice, tug and the id", () => {
  for (const path of [undefined, ""]) {
    assert.equal(systemdUnit(path, "web").path, "/system.slice/tug-web.scope");
  }
  assert.equal(systemdUnit(":p:n", "id").path, "/system.slice/p-n.scope");
});

test("those of a user are below its systemd's group, in user.slice where they name none", () => {
  const home = { group: "/user.slice/user-7.slice/user@7.service", slice: "user.slice" };
  assert.equal(systemdUnit(undefined, "web", home).path, `${home.group}/user.slice/tug-web.scope`);
  assert.equal(systemdUnit("a.slice:p:n", "id", home).path, `${home.group}/a.slice/p-n.scope`);
});

test("anything else is refused", () => {
  for (const path of [
    "/a/b",
    "a.slice:p",
    "a.slice:p:n:x",
    "a.slice:p:",
    "a:p:n",
    "a--b.slice:p:n",
    "-a.slice:p:n",
    "a/b.slice:p:n",
    "a.slice:p:../n",
    "a.slice:p:n n",
    "a.slice:p:n.slice",
    ".slice:p:n",
  ]) {
    assert.throws(() => systemdUnit(path, "id"), { code: "CGROUP_PATH" }, path);
  }
});
