import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { silentLogger } from "../../src/base/index.ts";
import { createHelper } from "../../src/helper/index.ts";
import { type MountEntry, readHostFacts } from "../../src/host/index.ts";
import { createContainer, readConfig } from "../../src/runtime/index.ts";
import type { LinuxIntelRdt } from "../../src/specs/oci-runtime/index.ts";
import { helperPath } from "../helper/driver.ts";
import { type Container, container, differs, skip, succeeded } from "./harness/index.ts";

/*
 * No test machine has resctrl. A group of a version 1 hierarchy stands for it: in both, a directory that is made has a file
 * `tasks` that moves whoever writes 0 to it, and goes as a whole by rmdir. It has no file `schemata`.
 */
const facts = await readHostFacts();
const hierarchy = facts.mounts.find(
  ({ type, superOptions }) => type === "cgroup" && superOptions.includes("freezer"),
);
const others = differs({ runc: "finds no made-up resctrl", crun: "finds no made-up resctrl" });
const reason =
  skip ||
  others ||
  (hierarchy === undefined && "the freezer hierarchy of version 1, which stands for resctrl, is not mounted");

/** A made-up resctrl with some directories; going out of scope it is removed. */
function madeUpTree(...directories: string[]) {
  const root = join(hierarchy?.mountPoint ?? "", `tug-test-resctrl-${process.pid}`);
  for (const name of ["", ...directories]) mkdirSync(join(root, name), { recursive: true });
  return { root, [Symbol.dispose]: () => removeGroups(root) };
}

/** Another one, of plain files; it goes with the container's directory. */
function plainTree(made: Container, files: Readonly<Record<string, string>>): string {
  const root = join(made.directory, "resctrl");
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

function removeGroups(path: string): void {
  for (const name of directoriesIn(path)) removeGroups(join(path, name));
  rmdirSync(path);
}

function directoriesIn(path: string): string[] {
  const entries = readdirSync(path, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

/** Creates the container as tug-oci would, on a machine that has the made-up resctrl, and without control groups. */
async function createThere(made: Container, root: string): Promise<void> {
  const mount: MountEntry = {
    ...{ id: 0, parentId: 0, root: "/", mountPoint: root, type: "resctrl", source: "resctrl" },
    ...{ options: [], tags: [], superOptions: [] },
  };
  const context = {
    root: made.root,
    helper: createHelper(helperPath),
    facts: { ...facts, mounts: [...facts.mounts, mount] },
    logger: silentLogger,
    owner: 0,
  };
  const { value } = await readConfig(join(made.bundle, "config.json"));
  const options = { id: made.id, bundle: made.bundle, attendance: "create", groups: "none" } as const;
  await createContainer(context, value, options, ["ignore", "ignore", "ignore"]);
}

const sleeping = (intelRdt: LinuxIntelRdt) => container({ args: ["sleep", "100"], linux: { intelRdt } });

/** Where the made-up resctrl has a process. */
function placeOf(processFile: string): string | undefined {
  return /:freezer:(.*)/.exec(processFile)?.[1];
}

test("a class of service of a made-up resctrl is made for a container, entered by it and by exec, and removed", {
  skip: reason,
}, async () => {
  using tree = madeUpTree();
  await using made = await sleeping({});
  await createThere(made, tree.root);
  const expected = `/${basename(tree.root)}/${made.id}`;
  const { pid } = await made.state();
  assert.equal(placeOf(readFileSync(`/proc/${pid}/cgroup`, "utf8")), expected);
  succeeded(await made.start());
  const { stdout } = succeeded(await made.runtime(["exec", made.id, "cat", "/proc/self/cgroup"]));
  assert.equal(placeOf(stdout), expected);
  succeeded(await made.delete("--force"));
  assert.deepEqual(directoriesIn(tree.root), []);
});

test("a class of a made-up resctrl that has a name stays; the group that counts for the container goes", {
  skip: reason,
}, async () => {
  using tree = madeUpTree("gold/mon_groups");
  await using made = await sleeping({ closID: "gold", enableMonitoring: true });
  await createThere(made, tree.root);
  const { pid } = await made.state();
  const place = placeOf(readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  assert.equal(place, `/${basename(tree.root)}/gold/mon_groups/${made.id}`);
  succeeded(await made.delete("--force"));
  assert.deepEqual(directoriesIn(join(tree.root, "gold")), ["mon_groups"]);
  assert.deepEqual(directoriesIn(join(tree.root, "gold/mon_groups")), []);
});

test("a class that cannot be set is not left behind, and the words of a made-up resctrl tell why", {
  skip: skip || others,
}, async () => {
  await using made = await sleeping({ schemata: ["MB:0=10"] });
  const root = plainTree(made, { "info/last_cmd_status": "unknown domain 0\n" });
  await assert.rejects(createThere(made, root), {
    code: "CONTAINER_RESCTRL",
    message: /^cannot set schemata .*#\/linux\/intelRdt\): no such file or directory: unknown domain 0$/s,
  });
  assert.deepEqual(directoriesIn(root), ["info"]);
  made.assertNothingLeft();
});

test("a class in a made-up resctrl of plain files is joined if it is as wanted, changed by update, and told by events", {
  skip: skip || others,
}, async () => {
  const gold = { closID: "gold", l3CacheSchema: "L3:0=f", schemata: ["MB:0=20"] };
  await using made = await sleeping(gold);
  const files = {
    schemata: "L3:0=fff\nMB:0=100\n",
    "info/L3/cbm_mask": "fff\n",
    "info/L3/num_closids": "16\n",
    "info/L3_MON/mon_features": "llc_occupancy\nmbm_total_bytes\n",
    "gold/tasks": "",
    "gold/schemata": "    L3:0=00f\n    MB:0= 20\n",
    "gold/mon_data/mon_L3_00/llc_occupancy": "7\n",
    "gold/mon_data/mon_L3_00/mbm_total_bytes": "9007199254740993\n",
  };
  const root = plainTree(made, files);
  await createThere(made, root);
  assert.equal(readFileSync(join(root, "gold/tasks"), "utf8"), "0");
  assert.equal(
    readFileSync(join(root, "gold/schemata"), "utf8"),
    files["gold/schemata"],
    "nothing is written",
  );
  succeeded(await made.start());
  const { stdout } = succeeded(await made.runtime(["events", "--stats", made.id]));
  assert.match(stdout, /"mbm_total_bytes":9007199254740993\b/);
  const { intel_rdt: told } = JSON.parse(stdout).data;
  assert.deepEqual(told.l3_cache_info, { cbm_mask: "fff", num_closids: 16 });
  assert.deepEqual([told.l3_cache_schema_root, told.l3_cache_schema], ["L3:0=fff", "L3:0=00f"]);
  assert.deepEqual([told.schemata, told.cmt_stats], [["L3:0=00f", "MB:0= 20"], [{ llc_occupancy: 7 }]]);
  const refused = await made.runtime(["update", "--mem-bw-schema", "MB:0=30", made.id]);
  assert.match(refused.stderr, /memBwSchema: resctrl does not control MB here/);
  renameSync(join(root, "gold"), join(root, "silver"));
  succeeded(await made.runtime(["exec", made.id, "true"]));
  renameSync(join(root, "silver"), join(root, "gold"));
  succeeded(await made.runtime(["update", "--l3-cache-schema", "L3:0=3", made.id]));
  assert.match(readFileSync(join(root, "gold/schemata"), "utf8"), /^L3:0=3\nMB:0=20\n/);
  succeeded(await made.delete("--force"));
  assert.deepEqual(directoriesIn(root).sort(), ["gold", "info"]);
});

test("without resctrl a class of service is refused, with its place", { skip: skip || others }, async (t) => {
  if (facts.mounts.some(({ type }) => type === "resctrl")) return t.skip("the machine has resctrl");
  await using made = await sleeping({});
  const { code, stderr } = await made.create();
  assert.equal(code, 1);
  assert.match(stderr, /cannot use config\.json#\/linux\/intelRdt: the machine has no resctrl file system/);
  made.assertNothingLeft();
});
