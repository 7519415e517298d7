import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultMaskedPaths, defaultReadonlyPaths } from "../../src/runtime/index.ts";
import type { Linux } from "../../src/specs/oci-runtime/index.ts";
import { type ProbeLine, probeLines } from "../environment/index.ts";
import {
  type ConfigOptions,
  type Container,
  container,
  differs,
  plainNamespaces,
  probe,
  skip,
  succeeded,
  verbs,
} from "./harness/index.ts";

/** A root file system with something to protect. */
function fill(made: Container): void {
  mkdirSync(join(made.rootfs, "hidden/below"), { recursive: true });
  writeFileSync(join(made.rootfs, "hidden/file"), "secret\n");
  writeFileSync(join(made.rootfs, "secret"), "secret\n");
  symlinkSync("/secret", join(made.rootfs, "link"));
  for (const name of ["hidden", "hidden/below", "hidden/file", "secret"])
    chmodSync(join(made.rootfs, name), 0o777);
}

async function inFilled(options: ConfigOptions, ...each: readonly string[][]): Promise<ProbeLine[]> {
  await using made = await container({ ...options, args: ["probe", ...verbs(...each)] });
  fill(made);
  return probeLines(succeeded(await made.run()).stdout);
}

test("a masked file is empty and swallows what is written, a masked directory is empty and read-only", {
  skip,
}, async () => {
  const linux = { maskedPaths: ["/secret", "/hidden", "/absent"] };
  const lines = await inFilled(
    { linux },
    ["read", "/secret"],
    ["write", "/secret", "x"],
    ["list", "/hidden"],
    ["create", "/hidden/x", ""],
    ["stat", "/absent"],
  );
  assert.deepEqual([lines[0]?.content, lines[0]?.errno], ["", null]);
  assert.equal(lines[1]?.errno, null);
  assert.deepEqual(lines[2]?.names, []);
  assert.equal(lines[3]?.errno, "EROFS");
  assert.equal(lines[4]?.errno, "ENOENT", "an absent path is not made");
});

test("a mask of the host's null device cannot change the device", {
  skip: skip || differs({ runc: "binds the container's own null device" }),
}, async () => {
  const before = JSON.stringify(statOf("/dev/null"));
  const chown = ["chown", "/secret", "5", "5"];
  const [line] = await inFilled({ linux: { maskedPaths: ["/secret"] } }, chown);
  assert.equal(line?.errno, "EROFS");
  assert.equal(JSON.stringify(statOf("/dev/null")), before);
});

test("a masked path that is a link hides what it leads to", { skip }, async () => {
  const linux = { maskedPaths: ["/link"] };
  const [link, real] = await inFilled({ linux }, ["read", "/link"], ["read", "/secret"]);
  assert.deepEqual([link?.content, real?.content], ["", ""]);
});

test("a mask is made after the mounts, so it covers those too", { skip }, async () => {
  const mounts = [{ destination: "/data", type: "bind", source: "rootfs/hidden", options: ["bind"] }];
  const linux = { maskedPaths: ["/data/file", "/data/below"] };
  const lines = await inFilled(
    { linux, mounts },
    ["read", "/data/file"],
    ["create", "/data/below/x", ""],
    ["read", "/hidden/file"],
  );
  assert.deepEqual([lines[0]?.content, lines[1]?.errno, lines[2]?.content], ["", "EROFS", "secret\n"]);
});

test("a read-only path can be read, not written, nor what is mounted below it", { skip }, async () => {
  const mounts = [{ destination: "/hidden/below", type: "tmpfs", source: "tmpfs" }];
  const linux = { readonlyPaths: ["/secret", "/hidden", "/absent"] };
  const lines = await inFilled(
    { linux, mounts },
    ["read", "/secret"],
    ["write", "/secret", "x"],
    ["read", "/hidden/file"],
    ["create", "/hidden/x", ""],
    ["stat", "/absent"],
  );
  assert.deepEqual(
    lines.map(({ errno }) => errno),
    [null, "EROFS", null, "EROFS", "ENOENT"],
  );
  assert.equal(lines[0]?.content, "secret\n");
});

test("a path made read-only keeps the flags of its mount", { skip }, async () => {
  const mounts = [
    { destination: "/data", type: "tmpfs", source: "tmpfs", options: ["noexec", "nosuid", "nodev"] },
  ];
  await using made = await container({
    mounts,
    linux: { readonlyPaths: ["/proc/sys", "/data"] },
    args: ["cat", "/proc/self/mountinfo"],
  });
  const { stdout } = succeeded(await made.run());
  assert.match(stdout, / \/data ro,nosuid,nodev,noexec,/);
});

test("what Docker masks and protects of proc and sys is masked and protected", { skip }, async () => {
  const mounts = [{ destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro"] }];
  const linux: Partial<Linux> = { maskedPaths: defaultMaskedPaths, readonlyPaths: defaultReadonlyPaths };
  const masked = defaultMaskedPaths.filter((path) => existsSync(path));
  const writable = ["/proc/sys/kernel/domainname", "/proc/sysrq-trigger"].filter((path) => existsSync(path));
  const words = verbs(
    ...masked.map((path) => ["read", path]),
    ...writable.map((path) => ["write", path, "h"]),
  );
  const lines = await probe(words, { linux, mounts });
  for (const [index, path] of masked.entries()) {
    const line = lines[index];
    assert.ok(line?.content === "" || line?.errno === "EISDIR", path);
  }
  for (const line of lines.slice(masked.length)) assert.equal(line.errno, "EROFS");
});

test("a read-only root cannot be written, the mounts on it can", { skip }, async () => {
  const mounts = [{ destination: "/tmp", type: "tmpfs", source: "tmpfs" }];
  const top = { root: { path: "rootfs", readonly: true } };
  const lines = await probe(
    verbs(["create", "/x", ""], ["create", "/tmp/x", ""], ["write", "/etc/passwd", "x"]),
    { mounts, top },
  );
  assert.deepEqual(
    lines.map(({ errno }) => errno),
    ["EROFS", null, "EROFS"],
  );
});

test("a /dev that is mounted read-only still has its devices, and stays read-only", { skip }, async () => {
  await using made = await container({
    change: (spec) => ({
      ...spec,
      mounts: (spec.mounts ?? []).map((mount) =>
        mount.destination === "/dev" ? { ...mount, options: [...(mount.options ?? []), "ro"] } : mount,
      ),
    }),
    args: ["probe", ...verbs(["write", "/dev/null", "x"], ["create", "/dev/x", ""])],
  });
  const lines = probeLines(succeeded(await made.run()).stdout);
  assert.deepEqual(
    lines.map(({ errno }) => errno),
    [null, "EROFS"],
  );
});

const parameters = {
  "net.ipv4.ip_forward": "1",
  "net/ipv4/ip_local_port_range": "40000\t50000",
  "kernel.shmmax": "1048576",
  "kernel.msgmni": "77",
  "fs.mqueue.msg_max": "5",
};

test("kernel parameters are set before their files become read-only, and for the container alone (rule: parameters-before-read-only)", {
  skip,
}, async () => {
  const paths = Object.keys(parameters).map((key) => `/proc/sys/${key.replace(/\./g, "/")}`);
  const before = paths.map((path) => readFileSync(path, "utf8"));
  const linux = { sysctl: parameters, readonlyPaths: ["/proc/sys"] };
  const lines = await probe(
    verbs(...paths.map((path) => ["read", path]), ["write", "/proc/sys/kernel/msgmni", "1"]),
    { linux },
  );
  assert.deepEqual(
    lines.slice(0, -1).map(({ content }) => String(content).trim()),
    Object.values(parameters),
  );
  assert.equal(lines.at(-1)?.errno, "EROFS");
  assert.deepEqual(
    paths.map((path) => readFileSync(path, "utf8")),
    before,
  );
});

test("a kernel parameter of the whole machine, or of a namespace that is the host's, is refused", {
  skip,
}, async () => {
  const withoutNet = plainNamespaces.filter(({ type }) => type !== "network");
  for (const linux of [
    { sysctl: { "kernel.panic": "1" } },
    { sysctl: { "vm.swappiness": "1" } },
    { sysctl: { "net.ipv4.ip_forward": "1" }, namespaces: withoutNet },
  ]) {
    await using made = await container({ linux });
    const { code, stderr } = await made.run();
    assert.notEqual(code, 0);
    assert.match(stderr, /sysctl/);
    made.assertNothingLeft();
  }
});

test("a value that the kernel does not take is refused with its parameter", { skip }, async () => {
  await using made = await container({ linux: { sysctl: { "net.ipv4.ip_forward": "nonsense" } } });
  const { code, stderr } = await made.run();
  assert.notEqual(code, 0);
  assert.match(stderr, /ip_forward.*invalid argument/i);
  made.assertNothingLeft();
});

function statOf(path: string) {
  const { uid, gid, mode, rdev } = statSync(path);
  return { uid, gid, mode, rdev };
}
