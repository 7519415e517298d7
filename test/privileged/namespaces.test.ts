import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, readFileSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import type { NamespaceType } from "../../src/specs/oci-runtime/index.ts";
import { type ProbeReport, probeLines } from "../environment/index.ts";
import {
  container,
  differs,
  isDead,
  namesIn,
  plainNamespaces,
  probe,
  reportOf,
  runContainer,
  skip,
  succeeded,
  until,
} from "./harness/index.ts";

/** Each kind of namespace by the name of its file in /proc/PID/ns. */
const kinds = {
  cgroup: "cgroup",
  ipc: "ipc",
  mnt: "mount",
  net: "network",
  pid: "pid",
  time: "time",
  user: "user",
  uts: "uts",
} as const satisfies Record<string, NamespaceType>;

type File = keyof typeof kinds;

const files = Object.keys(kinds) as File[];
const mappings = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
const userMaps = { uidMappings: mappings, gidMappings: mappings };

/** Namespaces of the container that are this process's too. */
function shared(report: ProbeReport): File[] {
  return files.filter((name) => report.namespaces[name] === readlinkSync(`/proc/self/ns/${name}`));
}

test("a container has the namespaces that are listed, and the host's else", { skip }, async () => {
  const plain = shared(await reportOf({}));
  assert.deepEqual(plain, ["cgroup", "time", "user"]);
  assert.deepEqual(shared(await reportOf({ linux: { namespaces: [{ type: "mount" }] } })), [
    "cgroup",
    "ipc",
    "net",
    "pid",
    "time",
    "user",
    "uts",
  ]);
});

test("every kind of namespace can be new", {
  skip: skip || differs({ runc: "1.1 knows no time namespace" }),
}, async () => {
  const namespaces = [...plainNamespaces, { type: "cgroup" }, { type: "time" }] as const;
  assert.deepEqual(shared(await reportOf({ linux: { namespaces } })), ["user"]);
});

/** A process in namespaces of its own, for containers to join. */
async function holder(...flags: string[]): Promise<{ pid: number } & AsyncDisposable> {
  const child = spawn("unshare", [...flags, "--kill-child", "sleep", "infinity"], { stdio: "ignore" });
  const pid = child.pid ?? 0;
  const inside = await until("the namespaces are there", () =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim(),
  );
  return {
    pid: Number(inside),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await until("their holder is gone", () => isDead(pid) && isDead(Number(inside)));
    },
  };
}

test("namespaces are joined by path, and the caller stays where it was (rule: join-needs-process)", {
  skip,
}, async () => {
  await using held = await holder("--fork", "--ipc", "--net", "--uts");
  const namespaces = [
    { type: "pid" },
    { type: "mount" },
    ...(["ipc", "network", "uts"] as const).map((type) => ({
      type,
      path: `/proc/${held.pid}/ns/${type === "network" ? "net" : type}`,
    })),
  ] as const;
  await using made = await container({ linux: { namespaces } });
  const report = JSON.parse(succeeded(await made.run()).stdout) as ProbeReport;
  for (const name of ["ipc", "net", "uts"] as const) {
    assert.equal(report.namespaces[name], readlinkSync(`/proc/${held.pid}/ns/${name}`), name);
  }
  assert.deepEqual(shared(report), ["cgroup", "time", "user"]);
  made.assertNothingLeft();
});

test("a pid namespace is joined: the program is not its first process", { skip }, async () => {
  await using held = await holder("--fork", "--pid");
  const namespaces = [
    { type: "mount" },
    { type: "pid", path: `/proc/${held.pid}/ns/pid` },
    { type: "ipc" },
  ] as const;
  const report = await reportOf({ linux: { namespaces } });
  assert.equal(report.namespaces.pid, readlinkSync(`/proc/${held.pid}/ns/pid`));
  assert.notEqual(report.pid, 1);
});

test("a user namespace maps root to somebody without rights, in every other new namespace", {
  skip,
}, async () => {
  const namespaces = [...plainNamespaces, { type: "user" }] as const;
  await using made = await container({
    linux: { namespaces, ...userMaps },
    args: ["sh", "-c", "probe; sleep 100"],
  });
  chmodSync(made.directory, 0o755);
  const created = succeeded(await made.create());
  succeeded(await made.start());
  const line = await until(
    "the probe has reported",
    () => created.output().includes("\n") && created.output(),
  );
  const report = JSON.parse(line) as ProbeReport;
  assert.deepEqual(report.uid, [0, 0, 0]);
  assert.deepEqual(
    report.uidMap?.map((entry) => entry.trim().split(/ +/)),
    [["0", "200000", "65536"]],
  );
  assert.deepEqual(report.gidMap, report.uidMap);
  assert.deepEqual(shared(report), ["cgroup", "time"]);
  const { pid } = await made.state();
  assert.match(readFileSync(`/proc/${pid}/status`, "utf8"), /^Uid:\t200000\t200000\t200000\t200000$/m);
});

test("in a user namespace there are default devices, proc, and a sysfs that cannot be written", {
  skip,
}, async () => {
  const namespaces = [...plainNamespaces, { type: "user" }] as const;
  const mounts = [
    { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  ];
  const words = ["write", "/dev/null", "x", ",", "read", "/proc/self/mountinfo", ",", "mkdir", "/sys/x"];
  await using made = await container({
    linux: { namespaces, ...userMaps },
    mounts,
    args: ["probe", ...words, ",", "chown", "/tmp", "5", "5", ",", "stat", "/dev/null"],
  });
  chmodSync(made.directory, 0o755);
  const lines = succeeded(await made.run())
    .stdout.trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.slice(0, 2).map(({ errno }) => errno),
    [null, null],
  );
  assert.match(lines[1].content, / \/dev\/null \S*nosuid,noexec/);
  assert.notEqual(lines[2].errno, null);
  assert.notEqual(lines[3].errno, null, "files of the host's root are nobody's");
  assert.deepEqual([lines[4].type, lines[4].major, lines[4].minor], ["character", 1, 3]);
});

test("a user namespace is joined by path together with namespaces that belong to it", { skip }, async () => {
  await using held = await holder("--fork", "--user", "--map-root-user", "--net", "--ipc");
  const namespaces = [
    { type: "mount" },
    { type: "pid" },
    { type: "user", path: `/proc/${held.pid}/ns/user` },
    { type: "network", path: `/proc/${held.pid}/ns/net` },
    { type: "ipc", path: `/proc/${held.pid}/ns/ipc` },
  ] as const;
  const report = await reportOf({ linux: { namespaces } });
  for (const name of ["user", "net", "ipc"] as const) {
    assert.equal(report.namespaces[name], readlinkSync(`/proc/${held.pid}/ns/${name}`), name);
  }
});

test("a new user namespace goes with a network namespace that belongs to the host", { skip }, async () => {
  await using held = await holder("--fork", "--net");
  const namespaces = [
    ...plainNamespaces.filter(({ type }) => type !== "network"),
    { type: "network", path: `/proc/${held.pid}/ns/net` } as const,
    { type: "user" } as const,
  ];
  await using made = await container({ linux: { namespaces, ...userMaps } });
  chmodSync(made.directory, 0o755);
  const report = JSON.parse(succeeded(await made.run()).stdout) as ProbeReport;
  assert.equal(report.namespaces.net, readlinkSync(`/proc/${held.pid}/ns/net`));
  assert.deepEqual(report.uid, [0, 0, 0]);
});

test("a path that is no namespace, or one of another kind, is refused", { skip }, async () => {
  for (const path of ["/proc/self/ns/uts", "/etc/passwd", "/nonexistent"]) {
    const namespaces = [{ type: "mount" }, { type: "network", path }] as const;
    await using made = await container({ linux: { namespaces } });
    assert.notEqual((await made.run()).code, 0);
    made.assertNothingLeft();
  }
});

test("the error for a wrong namespace names its place in the configuration", {
  skip: skip || differs({ runc: "has no places", crun: "has no places" }),
}, async () => {
  const namespaces = [{ type: "mount" }, { type: "network", path: "/proc/self/ns/uts" }] as const;
  await using made = await container({ linux: { namespaces } });
  assert.match((await made.run()).stderr, /config\.json#\/linux\/namespaces\/1/);
});

test("a container of the host's namespaces sees the host's processes and name", { skip }, async () => {
  const { stdout } = await runContainer({
    linux: { namespaces: [{ type: "mount" }] },
    args: [
      "sh",
      "-c",
      `cat /proc/${process.pid}/comm; hostname 2>/dev/null || cat /proc/sys/kernel/hostname`,
    ],
  });
  assert.equal(
    stdout,
    readFileSync("/proc/self/comm", "utf8") + readFileSync("/proc/sys/kernel/hostname", "utf8"),
  );
});

test("in a pid namespace the program is the first process and alone (rules: exec-ends-init, spawn-ends-stage, stage-runs-once)", {
  skip,
}, async () => {
  const [first, second] = await probe(["list", "/proc", ",", "report"]);
  const processes = namesIn(first).filter((name) => /^\d+$/.test(name));
  assert.deepEqual(processes, ["1"]);
  assert.deepEqual([second?.pid, second?.ppid], [1, 0]);
});

test("the clocks of a time namespace are set off, the host's are not", {
  skip: skip || differs({ runc: "1.1 knows no time namespace" }),
}, async () => {
  const before = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const [, line] = await probe(["read", "/proc/self/timens_offsets", ",", "read", "/proc/uptime"], {
    linux: {
      namespaces: [...plainNamespaces, { type: "time" }],
      timeOffsets: { boottime: { secs: 1_000_000n }, monotonic: { secs: 7n, nanosecs: 5 } },
    },
  });
  assert.ok(Number(String(line?.content).split(" ")[0]) >= before + 1_000_000);
  assert.ok(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) < before + 1_000_000);
});

test("a user namespace may map several ranges, and what is not mapped is nobody", { skip }, async () => {
  const map = [
    { containerID: 0, hostID: 200_000, size: 10 },
    { containerID: 1000, hostID: 300_000, size: 1 },
  ];
  await using made = await container({
    args: ["probe", "report", ",", "stat", "/etc/passwd"],
    process: { user: { uid: 1000, gid: 1000, additionalGids: [5] } },
    linux: { namespaces: [...plainNamespaces, { type: "user" }], uidMappings: map, gidMappings: map },
  });
  chmodSync(made.directory, 0o755);
  const [report, stat] = probeLines(succeeded(await made.run()).stdout);
  assert.deepEqual(report?.uid, [1000, 1000, 1000]);
  assert.deepEqual(report?.groups, [5]);
  assert.deepEqual(
    ((report?.uidMap ?? []) as string[]).map((entry) => entry.trim().split(/ +/).map(Number)),
    [
      [0, 200_000, 10],
      [1000, 300_000, 1],
    ],
  );
  assert.equal(stat?.uid, 65534);
});

test("a user that the namespace does not map is refused", { skip }, async () => {
  const map = [{ containerID: 0, hostID: 200_000, size: 10 }];
  await using made = await container({
    process: { user: { uid: 1000, gid: 0 } },
    linux: { namespaces: [...plainNamespaces, { type: "user" }], uidMappings: map, gidMappings: map },
  });
  chmodSync(made.directory, 0o755);
  const { code, stderr } = await made.run();
  assert.notEqual(code, 0);
  assert.match(stderr, /user|uid|invalid argument/i);
  made.assertNothingLeft();
});
