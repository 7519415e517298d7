import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMountinfo } from "../../host/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import { mountsOfDump, mountsOfRestore } from "./external-mounts.ts";

const spec: Spec = {
  ociVersion: "1.2.0",
  root: { path: "rootfs" },
  process: { args: ["sh"], cwd: "/", user: { uid: 0, gid: 0 } },
  mounts: [
    { destination: "/proc", type: "proc", source: "proc" },
    { destination: "/dev", type: "tmpfs", source: "tmpfs" },
    { destination: "/data/", type: "bind", source: "/srv/data", options: ["rbind"] },
    { destination: "/var/run/secret", type: "none", source: "secret", options: ["bind"] },
    { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup" },
  ],
  linux: { maskedPaths: ["/proc/keys", "/proc/acpi"], namespaces: [{ type: "mount" }] },
};

const inside = parseMountinfo(`
10 1 8:1 /b/rootfs / rw - ext4 /dev/sda rw
11 10 0:20 / /proc rw - proc proc rw
12 11 0:5 /null /proc/keys ro - devtmpfs devtmpfs rw
13 11 0:21 / /proc/acpi ro - tmpfs none ro
14 11 0:20 /sys /proc/sys ro - proc proc rw
15 10 0:22 / /dev rw - tmpfs tmpfs rw
16 10 8:1 /srv/data /data rw - ext4 /dev/sda rw
17 16 0:30 / /data/disk rw - ext4 /dev/sdb rw
18 10 8:1 /b/secret /run/secret rw - ext4 /dev/sda rw
19 10 0:23 / /sys/fs/cgroup rw - tmpfs tmpfs rw
20 19 0:40 /box /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
`);

test("what comes from outside is not dumped, and is known by its place in the configuration", () => {
  const found = mountsOfDump({ spec, bundle: "/b" }, inside).map(({ key, val }) => `${key} = ${val}`);
  assert.deepEqual(found, [
    "/proc/keys = /proc/keys",
    "/data = /data",
    "/data/disk = /data/disk",
    "/run/secret = /var/run/secret",
    "/sys/fs/cgroup/pids = /sys/fs/cgroup/pids",
  ]);
});

test("in a cgroup namespace the file system is criu's to mount", () => {
  const own = { ...spec, linux: { ...spec.linux, namespaces: [{ type: "cgroup" as const }] } };
  const found = mountsOfDump({ spec: own, bundle: "/b" }, inside).map(({ key }) => key);
  assert.ok(!found.some((key) => key.includes("cgroup")));
});

test("a restore finds each of those names on the host, what is mounted below a source too", () => {
  const mounts = parseMountinfo("40 1 0:30 / /srv/data/disk rw - ext4 /dev/sdb rw\n");
  const hierarchy = {
    version: 1,
    controllers: ["pids"],
    mount: "/sys/fs/cgroup/pids",
    path: "/box",
  } as const;
  const cgroups = { version: "v1", hierarchies: [hierarchy] } as const;
  const found = mountsOfRestore({ spec, bundle: "/b" }, { mounts, cgroups, mask: "/run/null" });
  const source = (name: string) => found.find(({ key }) => key === name)?.val;
  assert.equal(source("/data"), "/srv/data");
  assert.equal(source("/data/disk"), "/srv/data/disk");
  assert.equal(source("/var/run/secret"), "/b/secret");
  assert.equal(source("/sys/fs/cgroup/pids"), "/sys/fs/cgroup/pids/box");
  assert.equal(source("/proc/keys"), "/run/null");
  assert.equal(source("/dev/null"), "/run/null"); // runc's name for every mask
});
