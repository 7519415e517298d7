import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { nodeTypes } from "../../src/plan/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { mountsBelow, temporaryDirectory } from "../environment/temporary.ts";
import { makeRootfs, runBox, slots } from "./box.ts";
import { inside, slot, type TestOp } from "./driver.ts";

const root = slots.root;

/** Exchanges two names as fast as it can until it is terminated. */
const swapper = `
  const { renameSync } = require("node:fs");
  const { workerData: { a, b, c } } = require("node:worker_threads");
  for (;;) {
    try { renameSync(a, c); } catch {}
    try { renameSync(b, a); } catch {}
    try { renameSync(a, b); } catch {}
    try { renameSync(c, a); } catch {}
  }`;

test("names that change while they are resolved never lead out of the root", {
  skip: requireRoot(),
}, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const outside = inside(directory, "outside");
  mkdirSync(outside);
  writeFileSync(`${outside}/file`, "untouched");
  mkdirSync(`${rootfs}/swapped/below`, { recursive: true });
  // In the container's root this leads nowhere; for whoever resolves it on the host, it leads out.
  symlinkSync(outside, `${rootfs}/link`);
  mkdirSync(`${rootfs}${outside}`, { recursive: true });
  const worker = new Worker(swapper, {
    eval: true,
    workerData: { a: `${rootfs}/swapped`, b: `${rootfs}/link`, c: `${rootfs}/spare` },
  });
  const ops: TestOp[] = [
    { op: "makeDirectory", root, path: "/swapped/below/made", mode: 0o755 },
    { op: "device", root, path: "/swapped/node", type: nodeTypes.CHAR, major: 1, minor: 3, mode: 0o666 },
    { op: "symlink", root, path: "/swapped/sym", target: "x" },
    { op: "attach", root, mount: slot(3), target: "/swapped/file" },
    { op: "mountFs", root, target: "/swapped/fs", type: "tmpfs" },
  ];
  try {
    for (let round = 0; round < 60; round++) {
      writeFileSync(inside(directory, "source"), "");
      await runBox(rootfs, "true", {
        host: [{ op: "cloneMount", path: inside(directory, "source"), out: slot(3) }],
        mounts: ops.map((op) => ({ ...op, ignore: ["ENOENT", "EEXIST", "ELOOP", "ENOTDIR"] }) as TestOp),
        root: [{ op: "mask", root, path: "/swapped/file" }],
      });
      assert.deepEqual(readdirSync(outside), ["file"]);
    }
  } finally {
    await worker.terminate();
  }
  assert.equal(readFileSync(`${outside}/file`, "utf8"), "untouched");
  assert.deepEqual(mountsBelow(directory.path), []);
});
