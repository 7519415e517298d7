import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseCgroup, parseMountinfo } from "../../src/host/index.ts";
import {
  type ConfigOptions,
  type Container,
  container,
  createdPid,
  differs,
  type Group,
  groupFile,
  groupOf,
  isDead,
  plainNamespaces,
  skip,
  succeeded,
  until,
} from "./harness/index.ts";

/** A controller that every machine has; its hierarchy is the one that the tests of paths look at. */
const some = "pids";

/** A path that no other test uses. What is made above the container's own group is the test's to remove. */
let paths = 0;
function freshPath(): string {
  paths += 1;
  return `tug-groups-${process.pid}-${paths}`;
}

/** Every hierarchy that is mounted here, as a group of this process. */
function hierarchies(): string[] {
  const mounts = parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"));
  const controllers = parseCgroup(readFileSync("/proc/self/cgroup", "utf8")).filter(
    ({ hierarchy, controllers }) =>
      mounts.some(({ type, superOptions }) =>
        hierarchy === 0
          ? type === "cgroup2"
          : type === "cgroup" && controllers.every((name) => superOptions.includes(name)),
      ),
  );
  return controllers.map(({ hierarchy, controllers }) => (hierarchy === 0 ? "" : controllers.join()));
}

/** Removes groups of a name, and empty ones above them, from every hierarchy. */
function removeGroups(name: string): void {
  for (const { mountPoint, type } of parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"))) {
    if (!type.startsWith("cgroup")) continue;
    if (existsSync(join(mountPoint, name))) rmdirSync(join(mountPoint, name));
  }
}

/** A created container that sleeps, and its group. */
async function created(options: ConfigOptions): Promise<{ made: Container; group: Group; pid: number }> {
  const made = await container({ args: ["sleep", "100"], ...options });
  try {
    const pid = await createdPid(made);
    const group = groupOf(pid, some);
    assert.ok(group);
    return { made, group, pid };
  } catch (error) {
    await made[Symbol.asyncDispose]();
    throw error;
  }
}

test("the program is in a group of its own in every hierarchy, by default of its id's name", {
  skip:
    skip ||
    differs({ runc: "1.1 leaves the v2 hierarchy of a hybrid machine out", crun: "sees v1 alone here" }),
}, async () => {
  const { made, pid } = await created({});
  await using _ = made;
  const groups = parseCgroup(readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  const wanted = hierarchies();
  for (const { hierarchy, controllers, path } of groups) {
    if (!wanted.includes(hierarchy === 0 ? "" : controllers.join())) continue;
    assert.ok(path.endsWith(`/${made.id}`), `${controllers.join() || "v2"}: ${path}`);
  }
});

test("an absolute cgroupsPath begins at the root of the hierarchies, and its parents are made", {
  skip,
}, async () => {
  const name = freshPath();
  try {
    const { made, group } = await created({ linux: { cgroupsPath: `/${name}/a` } });
    await using _ = made;
    assert.equal(group.directory, join(group.mount, name, "a"));
    succeeded(await made.delete("--force"));
    assert.ok(!existsSync(group.directory));
  } finally {
    removeGroups(name);
  }
});

test("a relative cgroupsPath begins at the caller's group on v1, beside it on v2", {
  skip: skip || differs({ crun: "begins at the root" }),
}, async () => {
  const own = groupOf("self", some);
  assert.ok(own);
  const name = freshPath();
  const callers = join(own.directory, name);
  mkdirSync(callers);
  try {
    await using made = await container({
      args: ["sleep", "100"],
      linux: { cgroupsPath: `${name}-inner` },
    });
    const within = ["sh", "-c", `echo $$ > ${callers}/cgroup.procs; exec "$@"`, "sh"];
    succeeded(await made.create([], { within }));
    const group = groupOf((await made.state()).pid, some);
    const base = own.version === 1 ? callers : own.directory;
    assert.equal(group?.directory, join(base, `${name}-inner`));
    succeeded(await made.delete("--force"));
  } finally {
    await until("the caller's group is empty", () => readFileSync(`${callers}/cgroup.procs`, "utf8") === "");
    rmdirSync(callers);
  }
});

test("a cgroupsPath that leaves the hierarchy, is its root, or means systemd is refused", {
  skip: skip || differs({ runc: "takes it as it is", crun: "takes it as it is" }),
}, async () => {
  for (const cgroupsPath of ["../up", "/a/../../b", "/", "/./", "system.slice:tug:test"]) {
    await using made = await container({ linux: { cgroupsPath } });
    const { code, stderr } = await made.run();
    assert.notEqual(code, 0, cgroupsPath);
    assert.match(stderr, /config\.json#\/linux\/cgroupsPath/);
    made.assertNothingLeft();
  }
});

test("a group that has processes is refused, and they live on", {
  skip: skip || differs({ runc: "1.1 only warns", crun: "shares it" }),
}, async () => {
  const name = freshPath();
  try {
    const { made, group, pid } = await created({ linux: { cgroupsPath: `/${name}/a` } });
    await using _ = made;
    for (const cgroupsPath of [`/${name}/a`, `/${name}`]) {
      await using second = await container({ args: ["sleep", "100"], linux: { cgroupsPath } });
      const { code, stderr } = await second.create();
      assert.notEqual(code, 0);
      assert.match(stderr, /container's cgroup is not empty/);
      second.assertNothingLeft();
      assert.equal(isDead(pid), false);
      assert.ok(groupFile(group, "cgroup.procs")?.split("\n").includes(String(pid)));
    }
    succeeded(await made.delete("--force"));
  } finally {
    removeGroups(name);
  }
});

test("a group that is there and empty is used, with the limits of the new container", { skip }, async () => {
  const name = freshPath();
  const own = groupOf("self", some);
  assert.ok(own);
  try {
    const first = await created({
      linux: { cgroupsPath: `/${name}/a`, resources: { pids: { limit: 11n } } },
    });
    await using made = first.made;
    succeeded(await made.delete("--force"));
    mkdirSync(first.group.directory);
    const second = await created({
      linux: { cgroupsPath: `/${name}/a`, resources: { pids: { limit: 12n } } },
    });
    await using other = second.made;
    assert.equal(groupFile(second.group, "pids.max"), "12");
    succeeded(await other.delete("--force"));
    assert.ok(!existsSync(second.group.directory));
  } finally {
    removeGroups(name);
  }
});

test("a frozen group is refused, because the container would hang", {
  skip: skip || differs({ crun: "hangs" }),
}, async () => {
  const own = groupOf("self", "freezer");
  assert.ok(own);
  const name = freshPath();
  const directory = join(own.mount, name);
  mkdirSync(directory);
  try {
    if (own.version === 1) writeFileSync(join(directory, "freezer.state"), "FROZEN");
    else writeFileSync(join(directory, "cgroup.freeze"), "1");
    await using made = await container({ linux: { cgroupsPath: `/${name}` } });
    const { code, stderr } = await made.run();
    assert.notEqual(code, 0);
    assert.match(stderr, /frozen/);
    made.assertNothingLeft();
  } finally {
    removeGroups(name);
  }
});

test("every way in which create fails leaves no group", { skip }, async () => {
  const broken: readonly ConfigOptions[] = [
    { args: ["nosuch"] },
    { mounts: [{ destination: "/x", type: "bind", source: "/nonexistent", options: ["bind"] }] },
    { top: { hooks: { createRuntime: [{ path: "/bin/false" }] } } },
    { linux: { namespaces: [{ type: "mount" }, { type: "network", path: "/nonexistent" }] } },
  ];
  for (const options of broken) {
    await using made = await container(options);
    assert.notEqual((await made.create()).code, 0);
    made.assertNothingLeft();
  }
});

test("inside a cgroup namespace the container's group is the root of what is seen", { skip }, async () => {
  await using made = await container({
    args: ["cat", "/proc/self/cgroup"],
    linux: { namespaces: [...plainNamespaces, { type: "cgroup" }] },
  });
  const lines = parseCgroup(succeeded(await made.run()).stdout);
  const own = lines.filter(({ hierarchy, controllers }) =>
    hierarchies().includes(hierarchy === 0 ? "" : controllers.join()),
  );
  for (const { controllers, path } of own.filter(({ hierarchy }) => hierarchy !== 0 || own.length === 1)) {
    assert.equal(path, "/", controllers.join());
  }
});

test("processes that the program starts are in its groups, and go with them", { skip }, async () => {
  await using made = await container({
    args: ["probe", "fork", "3", ",", "sleep", "100"],
    linux: { namespaces: [{ type: "mount" }] },
  });
  const { output } = succeeded(await made.create());
  const group = groupOf((await made.state()).pid, some);
  assert.ok(group);
  succeeded(await made.start());
  await until("they are there", () => output().includes('"verb":"fork"'));
  const pids = (groupFile(group, "cgroup.procs") ?? "").split("\n").map(Number);
  assert.equal(pids.length, 4);
  succeeded(await made.kill("KILL"));
  await made.stopped();
  succeeded(await made.delete());
  assert.ok(pids.every(isDead));
  assert.ok(!existsSync(group.directory));
});

test("--cgroup-manager disabled leaves the program in the caller's groups", {
  skip: skip || differs({ runc: "has no such flag" }),
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  const path = join(made.directory, "pid");
  const words = ["--cgroup-manager", "disabled", "run", "--detach", "--pid-file", path, made.id];
  succeeded(await made.runtime(words));
  const pid = Number(readFileSync(path, "utf8"));
  assert.deepEqual(groupOf(pid, some), groupOf("self", some));
  assert.equal(succeeded(await made.runtime(["exec", made.id, "echo", "here"])).stdout, "here\n");
  succeeded(await made.delete("--force"));
  assert.ok(isDead(pid));
});
