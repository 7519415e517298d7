import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCgroup, parseMountinfo } from "../../host/index.ts";
import { cgroupLayout, hierarchyOf } from "./layout.ts";

const layout = (mountinfo: string, cgroup: string, cgroupsPath?: string) =>
  cgroupLayout({ mounts: parseMountinfo(mountinfo), groups: parseCgroup(cgroup), cgroupsPath, id: "c1" });

/** Where the container's groups are, as `VERSION controllers directory`. */
const places = (...args: Parameters<typeof layout>) =>
  layout(...args).hierarchies.map(
    ({ version, controllers, mount, path }) => `${version} ${controllers.join(",")} ${mount} ${path}`,
  );

const root = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw";

/** A tmpfs with one mount per v1 controller, v2 beside them, the caller in a group of one hierarchy. */
const hybridMounts = `${root}
31 27 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;
const hybridGroups = "9:name=systemd:/\n4:memory:/tenants/seven\n2:cpuacct:/\n1:cpu:/\n0::/tenants/seven\n";

const unifiedMounts = `${root}\n30 27 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n`;

test("v1 with v2 beside it: each hierarchy in its place, relative to the caller's own group", () => {
  assert.equal(layout(hybridMounts, hybridGroups).version, "hybrid");
  assert.deepEqual(places(hybridMounts, hybridGroups), [
    "1 name=systemd /sys/fs/cgroup/systemd /c1",
    "1 memory /sys/fs/cgroup/memory /tenants/seven/c1",
    "1 cpuacct /sys/fs/cgroup/cpuacct /c1",
    "1 cpu /sys/fs/cgroup/cpu /c1",
    "2  /sys/fs/cgroup/unified /tenants/c1",
  ]);
});

test("an absolute path is the same in every hierarchy", () => {
  const paths = layout(hybridMounts, hybridGroups, "/docker//./abc/").hierarchies.map(({ path }) => path);
  assert.deepEqual(new Set(paths), new Set(["/docker/abc"]));
});

test("a relative path begins at the caller's group on v1 and beside it on v2", () => {
  const found = layout(hybridMounts, hybridGroups, "pods/a");
  assert.equal(hierarchyOf(found, "memory")?.path, "/tenants/seven/pods/a");
  assert.equal(hierarchyOf(found, "cpu")?.path, "/pods/a");
  assert.equal(hierarchyOf(found, "hugetlb")?.path, "/tenants/pods/a");
});

test("a controller that no v1 hierarchy lists is on v2, or nowhere", () => {
  const found = layout(hybridMounts, hybridGroups);
  assert.deepEqual([hierarchyOf(found, "cpu")?.version, hierarchyOf(found, "pids")?.version], [1, 2]);
  const pure = layout(hybridMounts.replace(/^41.*\n/m, ""), hybridGroups);
  assert.equal(pure.version, "v1");
  assert.equal(hierarchyOf(pure, "pids"), undefined);
});

test("pure v2, at the root and inside a group", () => {
  assert.equal(layout(unifiedMounts, "0::/\n").version, "v2");
  assert.deepEqual(places(unifiedMounts, "0::/\n"), ["2  /sys/fs/cgroup /c1"]);
  assert.deepEqual(places(unifiedMounts, "0::/user.slice/session-1.scope\n"), [
    "2  /sys/fs/cgroup /user.slice/c1",
  ]);
});

test("v2 with a v1 hierarchy that only has a name counts as v2", () => {
  const mounts = `${unifiedMounts}50 30 0:40 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n`;
  const found = layout(mounts, "1:name=systemd:/\n0::/a/b\n");
  assert.equal(found.version, "v2");
  assert.deepEqual(
    found.hierarchies.map(({ path }) => path),
    ["/a/c1"],
  );
});

test("controllers mounted together are found under any of their names", () => {
  const mounts = `${root}\n32 27 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n`;
  assert.deepEqual(places(mounts, "4:cpu,cpuacct:/\n0::/\n"), [
    "1 cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct /c1",
  ]);
});

test("a mount that shows a part of the hierarchy: paths below what it shows", () => {
  const mounts = `${root}\n32 27 0:29 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n`;
  assert.deepEqual(places(mounts, "4:memory:/docker/abc/inner\n"), [
    "1 memory /sys/fs/cgroup/memory /inner/c1",
  ]);
  assert.deepEqual(places(mounts, "4:memory:/docker/abc\n"), ["1 memory /sys/fs/cgroup/memory /c1"]);
  assert.deepEqual(places(mounts, "4:memory:/docker/abcd\n"), ["1 memory /sys/fs/cgroup/memory /c1"]);
  assert.deepEqual(places(mounts, "4:memory:/docker/abc/inner\n", "/x"), [
    "1 memory /sys/fs/cgroup/memory /x",
  ]);
});

test("a caller outside of its cgroup namespace's root uses the root", () => {
  assert.deepEqual(places(unifiedMounts, "0::/../other/group\n"), ["2  /sys/fs/cgroup /c1"]);
});

test("of several mounts the one that shows the caller's group is used", () => {
  const second = "33 27 0:29 /somewhere/else /mnt rw - cgroup2 cgroup2 rw\n";
  assert.deepEqual(places(`${unifiedMounts}${second}`, "0::/a/b\n"), ["2  /sys/fs/cgroup /a/c1"]);
});

test("a mount that another one hides is not used", () => {
  const hidden = `${root}
30 27 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
31 30 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw
32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
`;
  assert.deepEqual(places(hidden, "4:memory:/\n0::/\n"), ["1 memory /sys/fs/cgroup/memory /c1"]);
});

test("no mount is an error with advice", () => {
  assert.throws(() => layout(root, "0::/\n"), { code: "CGROUP_LAYOUT", hint: /mount cgroup2/ });
  assert.throws(() => layout(unifiedMounts, ""), { code: "CGROUP_LAYOUT" });
});

test("paths that cannot be used are refused", () => {
  const refused = (path: string, message: RegExp) =>
    assert.throws(() => layout(unifiedMounts, "0::/\n", path), { code: "CGROUP_PATH", message, hint: /./ });
  refused(
    "system.slice:docker:abc",
    /^cannot use config.json#\/linux\/cgroupsPath: "system.slice:docker:abc" names a unit of systemd/,
  );
  refused("::abc", /unit of systemd/);
  refused("/a/../../b", /holds \.\./);
  refused("/", /it is the root of the hierarchy/);
  assert.deepEqual(places(unifiedMounts, "0::/\n", "/a:b:c"), ["2  /sys/fs/cgroup /a:b:c"]);
});
