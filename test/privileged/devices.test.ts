import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { LinuxDevice } from "../../src/specs/oci-runtime/index.ts";
import { probeLines } from "../environment/index.ts";
import { container, differs, probe, skip, succeeded, verbs } from "./harness/index.ts";

test("the default devices and links are there, usable by everybody", {
  skip: skip || differs({ crun: "gives the null device on standard input to the user" }),
}, async () => {
  const nodes = { null: [1, 3], zero: [1, 5], full: [1, 7], random: [1, 8], urandom: [1, 9], tty: [5, 0] };
  const links = {
    fd: "/proc/self/fd",
    stdin: "/proc/self/fd/0",
    stdout: "/proc/self/fd/1",
    stderr: "/proc/self/fd/2",
    ptmx: "pts/ptmx",
  };
  const lines = await probe(
    verbs(...[...Object.keys(nodes), ...Object.keys(links)].map((name) => ["stat", `/dev/${name}`])),
    {
      process: { user: { uid: 1000, gid: 1000 } },
    },
  );
  for (const [index, numbers] of Object.values(nodes).entries()) {
    const line = lines[index];
    assert.deepEqual([line?.type, line?.mode, line?.major, line?.minor], ["character", 0o666, ...numbers]);
    assert.deepEqual([line?.uid, line?.gid], [0, 0]);
  }
  assert.deepEqual(
    lines.slice(Object.keys(nodes).length).map(({ target }) => target),
    Object.values(links),
  );
});

test("the default devices do what they are for", { skip }, async () => {
  await using made = await container({
    args: [
      "sh",
      "-c",
      'echo x > /dev/null && echo 1; echo x > /dev/full || echo 2; [ -n "$(dd if=/dev/urandom bs=1 count=1 2>&1)" ] && echo 3',
    ],
    process: { user: { uid: 1000, gid: 1000 } },
  });
  execFileSync("ln", ["-s", "busybox", join(made.rootfs, "bin/dd")]);
  assert.match(succeeded(await made.run()).stdout, /^1\n2\n3\n$/);
});

test("further devices have their kind, numbers, mode and owner, whatever the umask", { skip }, async () => {
  const devices: LinuxDevice[] = [
    { path: "/dev/one", type: "c", major: 10, minor: 229, fileMode: 0o640, uid: 12, gid: 34 },
    { path: "/dev/deep/er/two/", type: "b", major: 7, minor: 5, fileMode: 0o606, uid: 0, gid: 0 },
    { path: "/dev/three", type: "p", fileMode: 0o622, uid: 5, gid: 0 },
    { path: "/dev/four", type: "u", major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 },
  ];
  const lines = await probe(verbs(...devices.map(({ path }) => ["stat", path.replace(/\/$/, "")])), {
    linux: { devices },
    process: { user: { uid: 0, gid: 0, umask: 0o77 } },
  });
  assert.deepEqual(
    lines.map(({ type, major, minor, mode, uid, gid }) => [type, major, minor, mode, uid, gid]),
    [
      ["character", 10, 229, 0o640, 12, 34],
      ["block", 7, 5, 0o606, 0, 0],
      ["fifo", undefined, undefined, 0o622, 5, 0],
      ["character", 1, 3, 0o666, 0, 0],
    ],
  );
});

test("a device of the configuration wins over a default one", { skip }, async () => {
  const devices: LinuxDevice[] = [
    { path: "/dev/zero", type: "c", major: 1, minor: 5, fileMode: 0o600, uid: 7, gid: 7 },
  ];
  const [line] = await probe(["stat", "/dev/zero"], { linux: { devices } });
  assert.deepEqual([line?.mode, line?.uid], [0o600, 7]);
});

test("a /dev that the caller binds is left as it is", { skip }, async () => {
  await using made = await container({
    change: (spec) => ({
      ...spec,
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        { destination: "/dev", type: "bind", source: "dev", options: ["bind"] },
      ],
    }),
    args: ["probe", "list", "/dev"],
  });
  mkdirSync(join(made.bundle, "dev"));
  writeFileSync(join(made.bundle, "dev/mine"), "");
  execFileSync("mknod", [join(made.bundle, "dev/null"), "c", "1", "3"]);
  assert.deepEqual(probeLines(succeeded(await made.run()).stdout)[0]?.names, ["mine", "null"]);
});

test("a node that is there already is kept, another file in its place is refused", {
  skip: skip || differs({ runc: "1.1 keeps whatever is there", crun: "keeps whatever is there" }),
}, async () => {
  for (const [command, code] of [
    [["mknod", "there", "c", "10", "229"], 0],
    [["mknod", "there", "c", "1", "3"], 1],
    [["ln", "-s", "/etc/passwd", "there"], 1],
    [["touch", "there"], 1],
  ] as const) {
    await using made = await container({
      linux: { devices: [{ path: "/srv/there", type: "c", major: 10, minor: 229, fileMode: 0o600 }] },
      args: ["true"],
    });
    mkdirSync(join(made.rootfs, "srv"));
    const [file, ...words] = command;
    execFileSync(file, words, { cwd: join(made.rootfs, "srv") });
    const outcome = await made.run();
    assert.equal(outcome.code, code, `${command.join(" ")}: ${outcome.stderr}`);
    if (code !== 0) assert.match(outcome.stderr, /\/srv\/there/);
    made.assertNothingLeft();
  }
});
