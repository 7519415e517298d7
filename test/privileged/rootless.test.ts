import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Linux, LinuxIdMapping, Spec } from "../../src/specs/oci-runtime/index.ts";
import { probeLines, probeReport } from "../environment/index.ts";
import {
  type ConfigOptions,
  container,
  differs,
  FIRST_SUBORDINATE,
  lacksMappers,
  type OrdinaryUser,
  type Outcome,
  ordinaryUser,
  plainNamespaces,
  SUBORDINATES,
  skip,
  succeeded,
  until,
} from "./harness/index.ts";
import { ownedContainer } from "./harness/owned-container.ts";
import { runRuntime } from "./harness/runtime.ts";

/** A user namespace in which root, and nobody else, is the user. */
function asRoot({ id }: OrdinaryUser): Partial<Linux> {
  const own: LinuxIdMapping[] = [{ containerID: 0, hostID: id, size: 1 }];
  return { namespaces: [...plainNamespaces, { type: "user" }], uidMappings: own, gidMappings: own };
}

/** The same with further ids from 1 on. */
function withFurtherIds({ id }: OrdinaryUser): Partial<Linux> {
  const mappings: LinuxIdMapping[] = [
    { containerID: 0, hostID: id, size: 1 },
    { containerID: 1, hostID: FIRST_SUBORDINATE, size: SUBORDINATES },
  ];
  return {
    namespaces: [...plainNamespaces, { type: "user" }],
    uidMappings: mappings,
    gidMappings: mappings,
  };
}

async function ran(user: OrdinaryUser, options: ConfigOptions): Promise<Outcome> {
  await using each = await ownedContainer(user, options);
  const outcome = await each.call("run", each.made.id);
  each.made.assertNothingLeft();
  return outcome;
}

/** Where both versions of control groups are, only root can show it one of them. */
const notForCrun = skip || differs({ crun: "does not run beside both versions of control groups" });

describe("a caller without privileges", { skip: notForCrun }, () => {
  let user: OrdinaryUser;
  before(async () => {
    user = await ordinaryUser();
  });
  after(() => user?.[Symbol.asyncDispose]());

  test("is root of a user namespace of its own, and of nothing else", async () => {
    const { stdout } = succeeded(await ran(user, { linux: asRoot(user) }));
    const report = probeReport(stdout);
    assert.deepEqual(
      [report.uid, report.gid],
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
    );
    const line = `0 ${user.id} 1`;
    const words = (lines: readonly string[] | null) => lines?.map((each) => each.trim().replace(/ +/g, " "));
    assert.deepEqual([words(report.uidMap), words(report.gidMap)], [[line], [line]]);
    assert.equal(report.pid, 1);
    assert.equal(report.capabilities.effective, "00000000a80425fb");
  });

  test("gets mounts, devices, masks, limits of its own and a filter", async () => {
    const linux: Partial<Linux> = {
      ...asRoot(user),
      maskedPaths: ["/proc/keys"],
      readonlyPaths: ["/proc/sys"],
      devices: [{ path: "/dev/full", type: "c", major: 1, minor: 7 }],
      resources: { devices: [{ allow: false, access: "rwm" }], memory: { limit: -1n } },
      sysctl: { "net.ipv4.ip_forward": "1" },
      seccomp: {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["chmod", "fchmodat", "fchmodat2"], action: "SCMP_ACT_ERRNO", errnoRet: 38 }],
      },
    };
    const script = `cat /proc/keys /proc/sys/net/ipv4/ip_forward /proc/self/oom_score_adj
      touch /proc/sys/x || echo read-only
      echo x >/dev/full || echo full
      ls /made && touch /made/by-container && touch /fixed/x || echo fixed
      chmod 700 /tmp || echo filtered`;
    await using each = await ownedContainer(user, {
      args: ["sh", "-c", script],
      process: { noNewPrivileges: true, oomScoreAdj: 700 },
      linux,
      mounts: [
        { destination: "/made", type: "bind", source: "shared", options: ["rbind"] },
        { destination: "/fixed", type: "bind", source: "shared", options: ["rbind", "ro"] },
      ],
    });
    const shared = join(each.made.bundle, "shared");
    execFileSync("install", ["--directory", "--owner", String(user.id), shared]);
    writeFileSync(join(shared, "file"), "");
    const { stdout } = succeeded(await each.call("run", each.made.id));
    assert.deepEqual(stdout.trim().split("\n"), [
      "1",
      "700",
      "read-only",
      "full",
      "file",
      "fixed",
      "filtered",
    ]);
    assert.equal(statSync(join(shared, "by-container")).uid, user.id);
  });

  test("sees the host's sysfs and processes where it shares their namespaces", {
    skip: differs({ runc: "1.1 mounts neither" }),
  }, async () => {
    const linux = { ...asRoot(user), namespaces: [{ type: "mount" }, { type: "user" }] as const };
    const { stdout } = succeeded(
      await ran(user, {
        args: ["sh", "-c", "ls -d /sys/kernel /proc/$PPID; touch /sys/kernel/x || echo read-only"],
        linux,
        mounts: [{ destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro"] }],
      }),
    );
    assert.match(
      stdout,
      /^\/proc\/\d+\n\/sys\/kernel\nread-only\n$|^\/sys\/kernel\n\/proc\/\d+\nread-only\n$/,
    );
  });

  test("creates, starts, looks at, runs more in, kills and deletes a container", async () => {
    await using each = await ownedContainer(user, { args: ["sleep", "1000"], linux: asRoot(user) });
    const { made, call } = each;
    const { id } = made;
    const state = async () => JSON.parse(succeeded(await call("state", id)).stdout);
    succeeded(await call("create", "--pid-file", join(made.directory, "pid"), id));
    const pid = Number(readFileSync(join(made.directory, "pid"), "utf8"));
    assert.equal((await state()).status, "created");
    succeeded(await call("start", id));
    const { stdout } = succeeded(await call("exec", "--cwd", "/tmp", id, "probe"));
    const report = probeReport(stdout);
    assert.deepEqual([report.uid[0], report.cwd], [0, "/tmp"]);
    assert.equal((await call("exec", id, "sh", "-c", "exit 9")).code, 9);
    succeeded(await call("kill", id, "KILL"));
    await until("it has stopped", async () => (await state()).status === "stopped");
    succeeded(await call("delete", id));
    made.assertNothingLeft();
    assert.ok(pid > 1);
  });

  test("lists and kills the processes of a container without a control group", {
    skip: differs({ runc: "1.1 finds them by control groups alone" }),
  }, async () => {
    const namespaces = [{ type: "mount" }, { type: "user" }] as const;
    await using each = await ownedContainer(user, {
      args: ["sh", "-c", "sleep 1000 & exec sleep 1001"],
      linux: { ...asRoot(user), namespaces },
    });
    const { made, call } = each;
    succeeded(await call("run", "--detach", made.id));
    succeeded(await call("exec", "--detach", made.id, "sleep", "1002"));
    const commands = async () =>
      succeeded(await call("ps", made.id, "-o", "args"))
        .stdout.trim()
        .split("\n")
        .slice(1)
        .sort();
    await until(
      "all run",
      async () => (await commands()).filter((line) => line.startsWith("sleep")).length === 3,
    );
    assert.deepEqual(await commands(), ["sleep 1000", "sleep 1001", "sleep 1002"]);
    assert.match((await call("pause", made.id)).stderr, /it has no control group/);
    assert.match((await call("update", "--pids-limit", "9", made.id)).stderr, /it has no control group/);
    succeeded(await call("delete", "--force", made.id));
    made.assertNothingLeft();
  });

  test("runs hooks of the host as itself, and those of the container inside", async () => {
    await using each = await ownedContainer(user, {
      args: ["true"],
      linux: asRoot(user),
      change: (spec) => {
        const hook = (path: string) => ({
          path: "/bin/sh",
          args: ["sh", "-c", `id -u >>${path}`],
          env: ["PATH=/bin:/usr/bin"],
        });
        return {
          ...spec,
          hooks: { createRuntime: [hook("../outside")], startContainer: [hook("/tmp/inside")] },
        };
      },
    });
    const { made } = each;
    succeeded(await each.call("run", made.id));
    assert.equal(readFileSync(join(made.directory, "outside"), "utf8"), `${user.id}\n`);
    assert.equal(readFileSync(join(made.rootfs, "tmp/inside"), "utf8"), "0\n");
  });

  test("keeps containers in XDG_RUNTIME_DIR, from where they are not swept", {
    skip: differs({ runc: "has its own directory" }),
  }, async () => {
    await using each = await ownedContainer(user, { args: ["sleep", "1000"], linux: asRoot(user) });
    const { made } = each;
    const call = (...args: string[]) =>
      runRuntime(args, {
        directory: join(made.directory, "output"),
        within: user.within(made.bundle),
      });
    succeeded(await call("run", "--detach", made.id));
    assert.equal(statSync(join(user.home, "run/tug-oci")).mode & 0o7777, 0o1700);
    assert.match(succeeded(await call("list")).stdout, new RegExp(`^${made.id} .*ordinary$`, "m"));
    succeeded(await call("delete", "--force", made.id));
  });

  test("is told of its containers by number where the machine has no name for it", {
    skip: differs({ runc: "has its own directory" }),
  }, async () => {
    await using each = await ownedContainer(user, { args: ["sleep", "1000"], linux: asRoot(user) });
    const { made, call } = each;
    const users = join(dirname(user.home), "etc/passwd");
    const text = readFileSync(users);
    writeFileSync(users, "root:x:0:0::/:/bin/sh\n");
    try {
      succeeded(await call("run", "--detach", made.id));
      assert.equal(JSON.parse(succeeded(await call("state", made.id)).stdout).owner, `${user.id}`);
      assert.match(succeeded(await call("list")).stdout, new RegExp(`^${made.id} .* ${user.id}$`, "m"));
      succeeded(await call("delete", "--force", made.id));
    } finally {
      writeFileSync(users, text);
    }
  });

  test("runs what spec --rootless writes", async () => {
    await using each = await ownedContainer(user, { linux: asRoot(user) });
    const { made, call } = each;
    const path = join(made.bundle, "config.json");
    execFileSync("rm", [path]);
    succeeded(await call("spec", "--rootless"));
    const spec = JSON.parse(readFileSync(path, "utf8")) as Spec;
    const process = { ...spec.process, terminal: false, args: ["probe", "report"], env: ["PATH=/bin"] };
    writeFileSync(path, JSON.stringify({ ...spec, process }));
    const [report] = probeLines(succeeded(await call("run", made.id)).stdout);
    assert.equal(report?.verb, "report");
  });

  const own = (change: (spec: Spec) => Spec) => ({ linux: asRoot(user), change });
  const linuxOf = (spec: Spec): Linux => spec.linux ?? {};
  const refusals: readonly (readonly [what: string, change: (spec: Spec) => Spec, words: RegExp])[] = [
    [
      "other ids without newuidmap",
      (spec) => ({ ...spec, linux: { ...linuxOf(spec), ...withFurtherIds(user) } }),
      /\(config\.json#\/linux\/uidMappings\): newuidmap is not there/,
    ],
    [
      "a limit without a control group",
      (spec) => ({ ...spec, linux: { ...linuxOf(spec), resources: { pids: { limit: 9n } } } }),
      /cannot set a limit \(config\.json#\/linux\/resources\/pids\/limit\): the caller may make no control group/,
    ],
    [
      "a control group of somebody else's",
      (spec) => ({ ...spec, linux: { ...linuxOf(spec), cgroupsPath: "/tug-test-not-theirs" } }),
      /cannot make control group \/tug-test-not-theirs .*permission denied/,
    ],
  ];
  for (const [what, change, words] of refusals) {
    test(`is told why it cannot have ${what}`, {
      skip: differs({ runc: "has other words" }),
    }, async () => {
      const { code, stderr } = await ran(user, own(change));
      assert.equal(code, 1);
      assert.match(stderr, words);
    });
  }
});

describe("a caller without privileges who has further ids", { skip: notForCrun || lacksMappers }, () => {
  let user: OrdinaryUser;
  before(async () => {
    user = await ordinaryUser({ mappers: true });
  });
  after(() => user?.[Symbol.asyncDispose]());

  test("runs programs as any user of them, with any groups", {
    skip: differs({ runc: "sets no groups without privileges" }),
  }, async () => {
    await using each = await ownedContainer(user, {
      args: ["sh", "-c", "probe && touch /tmp/file"],
      process: { user: { uid: 1000, gid: 50, additionalGids: [7, 8] } },
      linux: withFurtherIds(user),
    });
    const { made, call } = each;
    execFileSync("chmod", ["1777", join(made.rootfs, "tmp")]);
    const report = probeReport(succeeded(await call("run", made.id)).stdout);
    assert.deepEqual([report.uid[0], report.gid[0], report.groups], [1000, 50, [7, 8]]);
    const file = statSync(join(made.rootfs, "tmp/file"));
    assert.deepEqual([file.uid, file.gid], [FIRST_SUBORDINATE + 999, FIRST_SUBORDINATE + 49]);
  });

  test("runs more in it, signals and deletes what belongs to other ids", async () => {
    await using each = await ownedContainer(user, {
      args: ["sleep", "1000"],
      process: { user: { uid: 1000, gid: 50 } },
      linux: withFurtherIds(user),
    });
    const { made, call } = each;
    succeeded(await call("run", "--detach", made.id));
    const words = ["exec", "--user", "2000:60", made.id, "id"];
    assert.match(succeeded(await call(...words)).stdout, /uid=2000 gid=60/);
    succeeded(await call("kill", made.id, "KILL"));
    await until("it has stopped", async () => (await call("delete", made.id)).code === 0);
    made.assertNothingLeft();
  });

  test("is told which ids are not its own", {
    skip: differs({ runc: "has other words" }),
  }, async () => {
    const linux = withFurtherIds(user);
    const others = [...(linux.uidMappings ?? []), { containerID: 70_000, hostID: 5, size: 2 }];
    const { code, stderr } = await ran(user, { linux: { ...linux, uidMappings: others } });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /cannot map ids 5 to 6 of the host \(config\.json#\/linux\/uidMappings\/2\): \/etc\/subuid does not give them to user ordinary/,
    );
  });
});

test("a caller without privileges is told which setting forbids user namespaces", {
  skip: notForCrun || differs({ runc: "does not know" }),
}, async () => {
  // The setting is one of each user namespace; with no capability in it, its root is like any other user.
  const script =
    'echo 0 >/proc/sys/user/max_user_namespaces; exec setpriv --bounding-set=-all --inh-caps=-all -- "$@"';
  const own = [{ containerID: 0, hostID: 0, size: 1 }];
  const namespaces = [...plainNamespaces, { type: "user" }] as const;
  await using made = await container({ linux: { namespaces, uidMappings: own, gidMappings: own } });
  const within = ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh"];
  const { code, stderr } = await made.runtime(["run", made.id], { within });
  assert.equal(code, 1);
  assert.match(stderr, /cannot make the user namespace .*user\.max_user_namespaces is 0/);
});

test("root of a user namespace alone runs containers that have none of their own", {
  skip: notForCrun,
}, async () => {
  await using made = await container({
    args: ["sh", "-c", "id -u; ls /dev/null; cat /proc/self/oom_score_adj"],
    process: { oomScoreAdj: 300 },
    linux: { namespaces: plainNamespaces, resources: { devices: [{ allow: false, access: "rwm" }] } },
  });
  const within = ["setpriv", "--bounding-set=-mknod", "unshare", "--user", "--mount", "--map-root-user"];
  const { stdout } = succeeded(await made.runtime(["run", made.id], { within }));
  assert.equal(stdout, "0\n/dev/null\n300\n");
});
