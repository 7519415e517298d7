import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { type CgroupMembership, type MountEntry, parseCgroup, readHostFacts } from "../../src/host/index.ts";
import { probeProgram, probeReport, requireRoot, temporaryDirectory } from "../environment/index.ts";

const probe = probeProgram();

/** The directory of a process's group in its hierarchy, as this mount namespace shows it. */
function groupDirectory(group: CgroupMembership, mounts: readonly MountEntry[]): string | undefined {
  const mount = mounts.find((mount) =>
    group.hierarchy === 0
      ? mount.type === "cgroup2"
      : mount.type === "cgroup" && group.controllers.every((name) => mount.superOptions.includes(name)),
  );
  if (mount === undefined || !group.path.startsWith(mount.root === "/" ? "" : mount.root)) return undefined;
  return join(mount.mountPoint, mount.root === "/" ? group.path : group.path.slice(mount.root.length));
}

test("in every hierarchy, the group that is read for this process lists it", async () => {
  const facts = await readHostFacts();
  const directories = facts.groups
    .map((group) => groupDirectory(group, facts.mounts))
    .filter((d) => d !== undefined);
  assert.notEqual(directories.length, 0);
  for (const directory of directories) {
    const processes = readFileSync(join(directory, "cgroup.procs"), "utf8").split("\n");
    assert.ok(processes.includes(String(process.pid)), directory);
  }
});

test("a process that is put into a new group of each hierarchy is read as being there", {
  skip: requireRoot() || probe.skip,
}, async () => {
  const facts = await readHostFacts();
  const child = spawn(probe.path, ["sleep", "600"], { stdio: "ignore" });
  const made: string[] = [];
  try {
    const expected = facts.groups.map((group) => {
      const parent = groupDirectory(group, facts.mounts);
      if (parent === undefined || group.controllers.includes("cpuset")) return group;
      const name = `tug test:${process.pid}`;
      const directory = join(parent, name);
      mkdirSync(directory);
      made.push(directory);
      writeFileSync(join(directory, "cgroup.procs"), String(child.pid));
      return { ...group, path: join(group.path, name) };
    });
    assert.notEqual(made.length, 0);
    assert.deepEqual(parseCgroup(readFileSync(`/proc/${child.pid}/cgroup`, "utf8")), expected);
  } finally {
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    for (const directory of made) rmdirSync(directory);
  }
});

test("a mount is read with its place, its type and its options", { skip: requireRoot() }, async () => {
  await using directory = await temporaryDirectory();
  const place = join(directory.path, "a b\\c\nd\té");
  mkdirSync(place);
  execFileSync("mount", ["-t", "tmpfs", "-o", "ro,nosuid,noexec,size=64k", "a source", place]);
  const mount = (await readHostFacts()).mounts.find((mount) => mount.mountPoint === place);
  assert.ok(mount);
  assert.deepEqual([mount.type, mount.source, mount.root], ["tmpfs", "a source", "/"]);
  for (const option of ["ro", "nosuid", "noexec"]) assert.ok(mount.options.includes(option), option);
  assert.ok(mount.superOptions.includes("size=64k"));
});

test("the capabilities that can be handed on are those that a program started here has", {
  skip: probe.skip,
}, async () => {
  const report = probeReport(execFileSync(probe.path, { encoding: "utf8" }));
  assert.equal((await readHostFacts()).boundingCapabilities, BigInt(`0x${report.capabilities.bounding}`));
});

test("the mounts of control groups are those that can be reached, now", { skip: requireRoot() }, () => {
  const script = `
    import { execFileSync } from "node:child_process";
    import { readHostFacts } from ${JSON.stringify(resolve(import.meta.dirname, "../../src/host/index.ts"))};
    const show = async () => {
      const facts = await readHostFacts();
      console.log(facts.cgroupMounts.map(({ mountPoint }) => mountPoint).join(" "));
    };
    await show();
    await show();
    execFileSync("mount", ["-t", "tmpfs", "none", "/sys/fs/cgroup"]);
    await show();
    execFileSync("umount", ["/sys/fs/cgroup"]);
    await show();
  `;
  const node = [process.execPath, "--no-warnings", "--input-type=module", "-e", script];
  const printed = execFileSync("unshare", ["--mount", "--propagation", "private", ...node], {
    encoding: "utf8",
  });
  const [first = "", again, covered, uncovered] = printed.split("\n");
  assert.match(first, /\/sys\/fs\/cgroup/);
  assert.deepEqual([again, uncovered], [first, first]);
  assert.doesNotMatch(covered ?? "", /\/sys\/fs\/cgroup/);
});
