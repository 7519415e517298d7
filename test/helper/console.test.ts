import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import { cloneFlags } from "../../src/plan/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { type BoxParts, boxPlan, makeRootfs, slots } from "./box.ts";
import { type RunOptions, run, slot, type TestOp } from "./driver.ts";

const skip = requireRoot();
const { ENODEV, ELOOP, ENOENT } = constants.errno;
const { NEWNS } = cloneFlags;
const root = slots.root;
const devpts: TestOp = {
  op: "mountFs",
  root,
  target: "/dev/pts",
  type: "devpts",
  options: ["newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
};
const console_: TestOp = { op: "console", root, socket: slot(11), rows: 33, columns: 77, mount: 1 };

/** Runs a script on a terminal of its own that the helper relays. */
async function onTerminal(script: string, parts: BoxParts & { console?: TestOp }, options: RunOptions = {}) {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  symlinkSync("/etc/hostname", `${rootfs}/etc/trap`);
  const plan = boxPlan(rootfs, script, {
    mounts: [devpts],
    ...parts,
    host: [{ op: "socketPair", near: slot(10), far: slot(11) }, ...(parts.host ?? [])],
    root: [parts.console ?? console_, ...(parts.root ?? [])],
  });
  const host = (plan.host ?? []).map((op) =>
    op.op === "waitExit" ? { ...op, forward: 1, terminal: slot(10) } : op,
  );
  return await run({ ...plan, host }, options);
}

test("the program has a controlling terminal of its own devpts, also at /dev/console", { skip }, async () => {
  const script = `tty; stty size; stat -c %t:%T /dev/console; grep -c ' /dev/console ' /proc/self/mountinfo; echo tty > /dev/tty
    stat -L -c '%u %g' /dev/pts/0; cut -d' ' -f7,8 /proc/self/stat; echo $$; exit 3`;
  const { stdout, failure, waitStatus } = await onTerminal(script, {
    console: { ...console_, uid: 1000 } as TestOp,
    mounts: [devpts, tty()],
  });
  assert.equal(failure, undefined);
  const lines = stdout.replaceAll("\r", "").trim().split("\n");
  assert.deepEqual(lines.slice(0, 6), ["/dev/pts/0", "33 77", "88:0", "1", "tty", "1000 5"]);
  assert.equal(lines[6]?.split(" ")[1], lines[7]);
  assert.equal(waitStatus, 3 << 8);
});

test("keys reach the program and all of a large output arrives", { skip }, async () => {
  const script = "stty -echo; read line; echo got $line; seq 100000; echo end";
  const { stdout, failure } = await onTerminal(script, {}, { input: "some keys\n" });
  assert.equal(failure, undefined);
  const lines = stdout
    .replaceAll("\r", "")
    .split("\n")
    .filter((line) => line !== "some keys");
  assert.equal(lines[0], "got some keys");
  assert.deepEqual(
    lines.slice(1, 100_001),
    Array.from({ length: 100_000 }, (_, index) => String(index + 1)),
  );
  assert.equal(lines[100_001], "end");
});

test("a program that leaves something behind on the terminal does not keep the helper", {
  skip,
}, async () => {
  const { stdout, failure } = await onTerminal("trap '' HUP; (sleep 3; echo late) & echo done; exit 0", {
    namespaces: NEWNS,
  });
  assert.equal(failure, undefined);
  assert.equal(stdout, "done\r\n");
});

test("what merely looks like a devpts is refused", { skip }, async () => {
  const plain: TestOp[] = [
    { op: "device", root, path: "/dev/pts/ptmx", type: 0o020000, major: 5, minor: 2, mode: 0o666 },
  ];
  const { failure } = await onTerminal("true", { mounts: plain });
  assert.deepEqual([failure?.list, failure?.errno, failure?.path], ["init", ENODEV, "/dev/pts/ptmx"]);
  assert.equal((await onTerminal("true", { mounts: [] })).failure?.errno, ENOENT);
});

test("a /dev/console that is a link is not followed", { skip }, async () => {
  const link: TestOp = { op: "symlink", root, path: "/dev/console", target: "/etc/trap" };
  const { failure } = await onTerminal("true", { mounts: [devpts, link] });
  assert.deepEqual([failure?.errno, failure?.path], [ELOOP, "/dev/console"]);
});

function tty(): TestOp {
  return { op: "device", root, path: "/dev/tty", type: 0o020000, major: 5, minor: 0, mode: 0o666 };
}
