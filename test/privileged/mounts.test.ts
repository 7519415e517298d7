import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseMountinfo } from "../../src/host/index.ts";
import type { Mount } from "../../src/specs/oci-runtime/index.ts";
import { probeLines, probeReport } from "../environment/index.ts";
import {
  type Container,
  container,
  differs,
  namesIn,
  plainNamespaces,
  probe,
  skip,
  succeeded,
} from "./harness/index.ts";

const tmpfs = (destination: string, ...options: string[]): Mount => ({
  destination,
  type: "tmpfs",
  source: "tmpfs",
  options,
});

const bind = (destination: string, source: string, ...options: string[]): Mount => ({
  destination,
  type: "bind",
  source,
  options: ["bind", ...options],
});

/** The kinds of file system that a container sees, by place, the last mounted where several are. */
function kinds(output: string): Map<string, string> {
  const { mounts } = probeReport(output);
  return new Map(parseMountinfo((mounts ?? []).join("\n")).map(({ mountPoint, type }) => [mountPoint, type]));
}

test("every kernel file system of a usual container is mounted", { skip }, async () => {
  await using made = await container({
    mounts: [
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
      {
        destination: "/dev/mqueue",
        type: "mqueue",
        source: "mqueue",
        options: ["nosuid", "noexec", "nodev"],
      },
      tmpfs("/dev/shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
      { destination: "/ram", type: "ramfs", source: "ramfs" },
    ],
  });
  const found = kinds(succeeded(await made.run()).stdout);
  const wanted = {
    "/proc": "proc",
    "/dev": "tmpfs",
    "/dev/pts": "devpts",
    "/sys": "sysfs",
    "/dev/mqueue": "mqueue",
    "/dev/shm": "tmpfs",
    "/ram": "ramfs",
  };
  assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((place) => [place, found.get(place)])), wanted);
});

test("a mount of type cgroup shows the container's own groups", { skip }, async () => {
  const own =
    readFileSync("/proc/self/cgroup", "utf8").includes("0::/") && existsSync("/sys/fs/cgroup/cgroup.procs");
  const namespaces = [...plainNamespaces, { type: "cgroup" as const }];
  for (const linux of own ? [{ namespaces }] : [{}, { namespaces }]) {
    await using made = await container({
      linux,
      mounts: [
        { destination: "/sys", type: "sysfs", source: "sysfs" },
        {
          destination: "/sys/fs/cgroup",
          type: "cgroup",
          source: "cgroup",
          options: ["ro", "nosuid", "noexec", "nodev"],
        },
      ],
      args: [
        "sh",
        "-c",
        `cat ${own ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids"}/cgroup.procs; mkdir /sys/fs/cgroup/x /sys/fs/cgroup/pids/x; ls /sys/fs/cgroup`,
      ],
    });
    const { stdout, stderr } = succeeded(await made.run([], {}).then((outcome) => ({ ...outcome, code: 0 })));
    assert.equal(stdout.split("\n")[0], "1", "the first process is in the group that is shown");
    assert.match(stderr, /read-only file system/i);
  }
});

test("mounts are made in their order, one on or below another", { skip }, async () => {
  await using made = await container({
    mounts: [
      tmpfs("/a", "size=1m"),
      bind("/a/file", "/etc/passwd"),
      tmpfs("/a/b/c", "size=2m"),
      tmpfs("/over", "size=3m"),
      tmpfs("/over", "size=4m"),
    ],
  });
  const { mounts } = probeReport(succeeded(await made.run()).stdout);
  const entries = parseMountinfo((mounts ?? []).join("\n"));
  const chain = (place: string, size: string): string[] => {
    const found = entries.find(
      ({ mountPoint, superOptions }) => mountPoint === place && superOptions.includes(size),
    );
    const parent = entries.find(({ id }) => id === found?.parentId);
    return [
      parent?.mountPoint ?? "",
      ...(parent?.superOptions.filter((name) => name.startsWith("size=")) ?? []),
    ];
  };
  assert.deepEqual(chain("/a/b/c", "size=2048k"), ["/a", "size=1024k"]);
  assert.deepEqual(chain("/over", "size=4096k"), ["/over", "size=3072k"]);
  const file = entries.find(({ mountPoint }) => mountPoint === "/a/file");
  assert.equal(entries.find(({ id }) => id === file?.parentId)?.mountPoint, "/a");
});

test("a file is bound onto a file", { skip }, async () => {
  await using made = await container({
    mounts: [bind("/etc/passwd", "hosts", "ro")],
    args: ["cat", "/etc/passwd"],
  });
  writeFileSync(join(made.bundle, "hosts"), "from the bundle\n");
  assert.equal(succeeded(await made.run()).stdout, "from the bundle\n");
});

test("missing targets are made: a directory for a directory, a file for anything else", {
  skip,
}, async () => {
  await using made = await container({
    mounts: [
      bind("/new/directory", "source"),
      bind("/other/file", "source/file"),
      bind("/other/fifo", "source/fifo"),
      tmpfs("/new/deep/tmpfs"),
    ],
    args: ["probe", "stat", "/new/directory/file", ",", "read", "/other/file", ",", "stat", "/other/fifo"],
  });
  const source = join(made.bundle, "source");
  mkdirSync(source);
  writeFileSync(join(source, "file"), "content");
  execFileSync("mkfifo", [join(source, "fifo")]);
  const [inside, file, fifo] = probeLines(succeeded(await made.run()).stdout);
  assert.equal(inside?.type, "file");
  assert.equal(file?.content, "content");
  assert.equal(fifo?.type, "fifo");
  assert.equal(statSync(join(made.rootfs, "new/directory")).mode & 0o777, 0o755);
  assert.ok(statSync(join(made.rootfs, "other/file")).isFile());
});

test("missing targets are made below a root that will be read-only (rule: read-only-root-last)", {
  skip,
}, async () => {
  await using made = await container({
    mounts: [tmpfs("/made")],
    top: { root: { path: "rootfs", readonly: true } },
    process: { cwd: "/made/too" },
    args: ["probe", "create", "/x", "", ",", "create", "/made/x", "", ",", "report"],
  });
  const [denied, allowed, report] = probeLines(succeeded(await made.run()).stdout);
  assert.deepEqual([denied?.errno, allowed?.errno, report?.cwd], ["EROFS", null, "/made/too"]);
});

/** A root file system with links that lead, seen from the host, out of it. */
function withLinks(made: Container): void {
  mkdirSync(join(made.rootfs, "real"));
  symlinkSync("/real", join(made.rootfs, "absolute"));
  symlinkSync("../../../../../real", join(made.rootfs, "upwards"));
  symlinkSync(join(made.directory, "outside"), join(made.rootfs, "host"));
  symlinkSync("/etc/later", join(made.rootfs, "dangling"));
  mkdirSync(join(made.directory, "outside"));
}

test("links on the way to a target are followed inside the root only", { skip }, async () => {
  for (const [link, place] of [
    ["/absolute", "/real"],
    ["/upwards/below", "/real/below"],
  ] as const) {
    await using made = await container({ mounts: [tmpfs(link)] });
    withLinks(made);
    assert.equal(kinds(succeeded(await made.run()).stdout).get(place), "tmpfs", link);
  }
});

test("a link to a path of the host means that path inside the root", {
  skip: skip || differs({ crun: "makes nothing at the end of a dangling link" }),
}, async () => {
  await using made = await container({ mounts: [tmpfs("/host/x")] });
  withLinks(made);
  const found = kinds(succeeded(await made.run()).stdout);
  assert.equal(found.get(join(made.directory, "outside/x")), "tmpfs");
  assert.equal(existsSync(join(made.directory, "outside/x")), false, "nothing was made on the host");
});

test("a dangling link as target is followed, its end made", { skip }, async () => {
  await using made = await container({
    mounts: [bind("/dangling", "/etc/passwd")],
    args: ["cat", "/etc/later"],
  });
  withLinks(made);
  assert.equal(succeeded(await made.run()).stdout, readFileSync("/etc/passwd", "utf8"));
});

test("a device is made at the end of a link inside the root", { skip }, async () => {
  await using made = await container({
    linux: { devices: [{ path: "/upwards/null", type: "c", major: 1, minor: 3, fileMode: 0o666 }] },
    args: ["ls", "/real"],
  });
  withLinks(made);
  assert.equal(succeeded(await made.run()).stdout, "null\n");
});

test("a working directory behind a dangling link is made inside the root", {
  skip:
    skip || differs({ runc: "makes no directory behind a link", crun: "makes no directory behind a link" }),
}, async () => {
  await using made = await container({ process: { cwd: "/host/cwd" }, args: ["sh", "-c", "pwd -P"] });
  withLinks(made);
  assert.equal(succeeded(await made.run()).stdout, `${join(made.directory, "outside/cwd")}\n`);
  assert.equal(existsSync(join(made.directory, "outside/cwd")), false);
});

test("a relative source is the bundle's, wherever the caller is (rule: host-path-absolute)", {
  skip,
}, async () => {
  await using made = await container({ mounts: [bind("/data", "data")], args: ["cat", "/data/file"] });
  mkdirSync(join(made.bundle, "data"));
  writeFileSync(join(made.bundle, "data/file"), "of the bundle\n");
  const { stdout } = succeeded(await made.run(["--bundle", made.bundle], { cwd: "/" }));
  assert.equal(stdout, "of the bundle\n");
});

test("several mounts of several sources each end at their own target (rules: slot-before-use, slot-once, legal-place)", {
  skip,
}, async () => {
  const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
  await using made = await container({
    mounts: names.map((name) => bind(`/${name}`, name)),
    args: ["sh", "-c", "cat /s*/name"],
  });
  for (const name of names) {
    mkdirSync(join(made.bundle, name));
    writeFileSync(join(made.bundle, name, "name"), `${name}\n`);
  }
  const { stdout } = succeeded(await made.run());
  assert.deepEqual(stdout.trim().split("\n").sort(), [...names].sort());
});

test("while a container runs, the host's mounts are as before (rule: mounts-stay-inside)", {
  skip,
}, async () => {
  const before = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4]);
  await using made = await container({
    mounts: [tmpfs("/run"), bind("/data", "/etc")],
    args: ["sleep", "100"],
  });
  succeeded(await made.create());
  succeeded(await made.start());
  const during = parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"));
  const added = during.filter(({ mountPoint }) => !before.includes(mountPoint));
  assert.deepEqual(
    added.filter(({ mountPoint }) => mountPoint.includes(made.id) || mountPoint.startsWith(made.directory)),
    [],
  );
});

const wrong: readonly (readonly [string, Mount, RegExp])[] = [
  ["a source that is missing", bind("/data", "missing"), /missing.*no such file or directory/i],
  ["an unknown file system", { destination: "/data", type: "nonsensefs", source: "x" }, /no such device/i],
  ["a target below a file", tmpfs("/etc/passwd/x"), /not a directory/i],
  ["a file bound onto a directory", bind("/tmp", "/etc/passwd"), /not a directory|is a directory/i],
];

for (const [name, mount, pattern] of wrong) {
  test(`${name} is refused, and nothing stays`, { skip }, async () => {
    await using made = await container({ mounts: [mount] });
    const { code, stdout, stderr } = await made.run();
    assert.notEqual(code, 0);
    assert.equal(stdout, "");
    assert.match(stderr, pattern);
    made.assertNothingLeft();
  });
}

test("the error for a mount tells its source and its place", {
  skip: skip || differs({ runc: "has no places", crun: "has no places" }),
}, async () => {
  await using made = await container({ mounts: [bind("/data", "/nonexistent/x")] });
  assert.equal(
    (await made.run()).stderr,
    "tug-oci: cannot mount /nonexistent/x (config.json#/mounts/3): no such file or directory\n",
  );
});

test("proc and sysfs are not mounted through a link (CVE-2019-19921)", { skip }, async () => {
  await using made = await container({
    change: (spec) => ({
      ...spec,
      mounts: (spec.mounts ?? [])
        .filter(({ destination }) => destination !== "/proc")
        .concat({ destination: "/procs", type: "proc", source: "proc" }),
    }),
  });
  symlinkSync("/tmp", join(made.rootfs, "procs"));
  const { code, stderr } = await made.run();
  assert.notEqual(code, 0);
  assert.match(stderr, /proc/);
  made.assertNothingLeft();
});

test("devices and links are made on the /dev that is mounted (rule: no-hidden-device)", {
  skip,
}, async () => {
  const [names] = await probe(["list", "/dev"]);
  for (const name of [
    "null",
    "zero",
    "full",
    "random",
    "urandom",
    "tty",
    "ptmx",
    "fd",
    "stdin",
    "stdout",
    "stderr",
  ])
    assert.ok(namesIn(names).includes(name), name);
});
