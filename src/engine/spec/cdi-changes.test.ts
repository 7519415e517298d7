import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { cdiChanges, noCdiChanges } from "./cdi-changes.ts";

const user = { uid: 7, gid: 8 };

it("a container without CDI devices has none looked for", async () => {
  const directories = Object.assign([], { [Symbol.iterator]: () => assert.fail("looked for") });
  assert.equal(await cdiChanges({ names: [], directories, user }), noCdiChanges);
});

it("places in a container are told apart however they are written, and of several the last counts", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "tug-cdi-"));
  t.after(() => rm(directory, { recursive: true }));
  const node = (path: string, minor: number) => ({ path, type: "c", major: 1, minor });
  const mount = (hostPath: string, containerPath: string) => ({ hostPath, containerPath });
  const containerEdits = {
    deviceNodes: [node("/dev/x", 3), node("/dev/../dev//x/", 5)],
    mounts: [mount("/a", "/x"), mount("/b", "/../y/../x/")],
  };
  const spec = { cdiVersion: "1.1.0", kind: "vendor.com/x", devices: [{ name: "one", containerEdits }] };
  await writeFile(join(directory, "x.json"), JSON.stringify(spec));
  const changes = await cdiChanges({ names: ["vendor.com/x=one"], directories: [directory], user });
  assert.deepEqual(
    changes.devices.map(({ path, minor, uid }) => [path, minor, uid]),
    [["/dev/x", 5, 7]],
  );
  assert.deepEqual(
    changes.mounts.map(({ target, source }) => [target, source]),
    [["/x", "/b"]],
  );
});
