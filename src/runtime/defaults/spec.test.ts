import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSpec, printJson } from "../../specs/oci-runtime/index.ts";
import { defaultSpec, rootlessSpec } from "./spec.ts";

test("what is written can be read again", () => {
  for (const spec of [defaultSpec(false), defaultSpec(true), rootlessSpec(true, { uid: 1000, gid: 100 })]) {
    assert.deepEqual(parseSpec(printJson(spec)), { value: spec, warnings: [] });
  }
});

test("a cgroup namespace is asked for on v2 only", () => {
  const types = (cgroup2: boolean) => defaultSpec(cgroup2).linux?.namespaces?.map(({ type }) => type);
  assert.deepEqual(types(false), ["pid", "network", "ipc", "uts", "mount"]);
  assert.deepEqual(types(true), ["pid", "network", "ipc", "uts", "mount", "cgroup"]);
});

test("the rootless one asks for nothing that needs root", () => {
  const { linux, mounts } = rootlessSpec(false, { uid: 1000, gid: 100 });
  assert.deepEqual(
    linux?.namespaces?.map(({ type }) => type),
    ["pid", "ipc", "uts", "mount", "user"],
  );
  assert.deepEqual(linux?.uidMappings, [{ containerID: 0, hostID: 1000, size: 1 }]);
  assert.deepEqual(linux?.gidMappings, [{ containerID: 0, hostID: 100, size: 1 }]);
  assert.equal(linux?.resources, undefined);
  const at = (path: string) => mounts?.find(({ destination }) => destination === path);
  assert.deepEqual(at("/sys"), {
    destination: "/sys",
    type: "none",
    source: "/sys",
    options: ["rbind", "nosuid", "noexec", "nodev", "ro"],
  });
  assert.deepEqual(at("/dev/pts")?.options, [
    "nosuid",
    "noexec",
    "newinstance",
    "ptmxmode=0666",
    "mode=0620",
  ]);
});
