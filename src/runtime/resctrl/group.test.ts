import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseMountinfo } from "../../host/index.ts";
import type { LinuxIntelRdt } from "../../specs/oci-runtime/index.ts";
import { resctrlGroup } from "./group.ts";

const root = mkdtempSync(join(tmpdir(), "tug-resctrl-"));
after(() => rmSync(root, { recursive: true }));
const mounts = parseMountinfo(`40 23 0:40 / ${root} rw - resctrl resctrl rw`);

for (const [name, schemata] of [
  ["info/L3", undefined],
  ["gold", "    L3:0=00f;1=7f0\n    MB:0= 20;1=100\n"],
  ["box", "L3:0=fff;1=fff\n"],
] as const) {
  mkdirSync(join(root, name), { recursive: true });
  if (schemata !== undefined) writeFileSync(join(root, name, "schemata"), schemata);
}

const groupFor = (config: LinuxIntelRdt, id = "one") => resctrlGroup({ mounts }, config, id);
const refusal = (message: RegExp) => ({ code: "CONTAINER_RESCTRL", message });

test("without a name the class has the container's and goes with it, in a made-up resctrl", () => {
  const path = join(root, "one");
  assert.deepEqual(groupFor({}), { root, path, isNew: true, isOwn: true });
  assert.deepEqual(groupFor({ schemata: ["MB:0=10"], l3CacheSchema: "L3:0=f", enableMonitoring: true }), {
    root,
    path,
    isNew: true,
    isOwn: true,
    schemata: "L3:0=f\nMB:0=10\n",
    monitoring: join(path, "mon_groups/one"),
  });
  const left = { root, path: join(root, "box"), isNew: false, isOwn: false, schemata: "L3:0=f\n" };
  assert.deepEqual(groupFor({ schemata: ["L3:0=f"] }, "box"), left, "what is there already does not go");
});

test("a class with a name stays, and is joined as it is, in a made-up resctrl", () => {
  const gold = { root, path: join(root, "gold"), isNew: false, isOwn: false };
  assert.deepEqual(groupFor({ closID: "gold" }), gold);
  assert.deepEqual(groupFor({ closID: "gold", schemata: ["L3:1=7F0;0=f", "MB:1=100"] }), gold);
  assert.deepEqual(groupFor({ closID: "/" }), { root, path: root, isNew: false, isOwn: false });
  assert.deepEqual(groupFor({ closID: "new", schemata: ["MB:0=10"] }), {
    root,
    path: join(root, "new"),
    isNew: true,
    isOwn: false,
    schemata: "MB:0=10\n",
  });
  assert.throws(
    () => groupFor({ closID: "silver" }),
    refusal(/#\/linux\/intelRdt\/closID: there is no class/),
  );
  for (const schemata of [["L3:0=e"], ["MB:0=10"], ["L3:2=f"], ["L2:0=f"]]) {
    assert.throws(
      () => groupFor({ closID: "gold", schemata }),
      refusal(/gold has other values of (L3|MB|L2)$/),
    );
  }
});

test("what the machine does not have is refused", () => {
  assert.throws(
    () => resctrlGroup({ mounts: [] }, {}, "one"),
    refusal(/the machine has no resctrl file system/),
  );
  assert.throws(
    () => groupFor({ memBwSchema: "MB:0=10" }),
    refusal(/#\/linux\/intelRdt\/memBwSchema: resctrl does not control MB here/),
  );
});
