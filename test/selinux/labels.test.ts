import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Mount } from "../../src/specs/oci-runtime/index.ts";
import { requireRoot } from "../environment/index.ts";
import { container, skip as otherwise, succeeded } from "../privileged/harness/index.ts";

/** Why labels cannot be seen here, or false: `npm run test:vm` has a machine for it. */
function needsSelinux(): string | false {
  try {
    readFileSync("/sys/fs/selinux/enforce");
    return false;
  } catch {
    return "SELinux is not on";
  }
}

const skip = requireRoot() || needsSelinux() || otherwise;

const FILES = "system_u:object_r:container_file_t:s0:c1,c2";
const PROGRAM = "system_u:system_r:container_t:s0:c1,c2";
const OTHER = "system_u:system_r:container_t:s0:c0";

/** Perl of the machine, since it makes system calls by their numbers (x86_64). */
const programs: readonly Mount[] = ["/usr", "/lib", "/lib64"].map((path) => ({
  destination: path,
  source: path,
  options: ["rbind", "ro"],
}));

/** Prints the label of this process, of its keyring, and of the files that are its arguments. */
const LABELS = `sub said { my ($n, $text) = @_; $n < 0 ? "none" : substr($text, 0, $n) =~ s/\\0.*//sr }
  open(my $own, "<", "/proc/self/attr/current"); my $label = <$own>; $label =~ s/\\0.*//s; print "program $label\\n";
  my $text = "\\0" x 256; my $n = syscall(250, 17, -3, $text, 256); print "keyring ", said($n, $text), "\\n";
  for my $path (@ARGV) { my ($file, $name, $text) = ($path, "security.selinux", "\\0" x 256);
    my $n = syscall(191, $file, $name, $text, 256); print "$path ", said($n, $text), "\\n" }`;

const mounts: readonly Mount[] = [
  ...programs,
  { destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["size=64k"] },
  { destination: "/dev/mqueue", type: "mqueue", source: "mqueue" },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro"] },
  { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] },
  { destination: "/copied", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"] },
];

const own = [
  "/dev",
  "/dev/null",
  "/dev/pts",
  "/dev/shm",
  "/dev/mqueue",
  "/copied",
  "/copied/inside",
  "/hidden",
];

async function labelled(label: { program?: string; files?: string }) {
  const args = ["/usr/bin/perl", "-e", LABELS, ...own, "/proc/self/status"];
  const made = await container({
    args,
    mounts,
    process: label.program === undefined ? {} : { selinuxLabel: label.program },
    linux: { maskedPaths: ["/hidden"], ...(label.files !== undefined && { mountLabel: label.files }) },
  });
  for (const name of ["hidden", "copied/inside"]) await mkdir(join(made.rootfs, name), { recursive: true });
  return made;
}

function parse(stdout: string): Record<string, string> {
  return Object.fromEntries(stdout.split("\n").map((line) => line.split(" ", 2)));
}

test("the program, its keys and every file system of the container's own have the labels of the configuration", {
  skip,
}, async () => {
  await using made = await labelled({ program: PROGRAM, files: FILES });
  const seen = parse(succeeded(await made.run()).stdout);
  assert.equal(seen.program, PROGRAM);
  assert.equal(seen.keyring, PROGRAM);
  for (const path of own) assert.equal(seen[path], FILES, path);
});

test("without labels in the configuration nothing gets one", { skip }, async () => {
  await using made = await labelled({});
  const seen = parse(succeeded(await made.run()).stdout);
  for (const [what, label] of Object.entries(seen)) assert.doesNotMatch(label ?? "", /container/, what);
});

test("a program that joins has the container's label, or the one that is asked for", { skip }, async () => {
  await using made = await container({
    args: ["sleep", "1000"],
    process: { selinuxLabel: PROGRAM },
    mounts: programs,
  });
  succeeded(await made.run(["--detach"]));
  const ask = ["/usr/bin/perl", "-e", LABELS];
  const same = parse(succeeded(await made.runtime(["exec", made.id, ...ask])).stdout);
  assert.equal(same.program, PROGRAM);
  const other = parse(
    succeeded(await made.runtime(["exec", "--process-label", OTHER, made.id, ...ask])).stdout,
  );
  assert.equal(other.program, OTHER);
});

test("a label that the policy does not know is an error with its place", { skip }, async () => {
  for (const [label, place] of [
    [{ program: "nobody:knows:this:s0" }, "/process/selinuxLabel"],
    [{ files: "nobody:knows:this:s0" }, "/mounts/"],
  ] as const) {
    await using made = await labelled(label);
    const { code, stderr } = await made.run();
    assert.notEqual(code, 0);
    assert.ok(stderr.includes(`config.json#${place}`), stderr);
    made.assertNothingLeft();
  }
});
