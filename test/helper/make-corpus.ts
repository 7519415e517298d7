// Writes the seeds of helper/tests/decode.c: node test/helper/make-corpus.ts. Needed again when the table changes much.
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { encodePlan, type Plan } from "../../src/plan/index.ts";
import { boxPlan, slots } from "./box.ts";
import { slot, type TestPlan } from "./driver.ts";

const directory = resolve(import.meta.dirname, "../../helper/tests/corpus");
const id = "0123456789abcdef";

const box = boxPlan("/run/rootfs", "echo hello", {
  host: [
    {
      op: "cgroupCreate",
      mount: "/sys/fs/cgroup",
      path: `tug/${id}`,
      controllers: ["cpu", "memory"],
      out: slot(3),
    },
    {
      op: "overlay",
      lowers: ["/a", "/b", `/c/${id}`],
      upper: `/run/${id}/upper`,
      work: `/run/${id}/work`,
      out: slot(4),
    },
    { op: "inherit", fd: 3, out: slot(5) },
  ],
  stage: [
    { op: "join", namespaces: [slot(5), slot(3)] },
    { op: "spawn", group: slot(3), title: id },
  ],
  attend: [
    { op: "await", barrier: 1 },
    { op: "hook", path: "/bin/hook", args: ["hook", id], env: ["A=1"], input: `{"id":"${id}","pid":%p}` },
  ],
  mounts: [
    { op: "attach", root: slots.root, mount: slot(4), target: `/mnt/${id}` },
    { op: "release", barrier: 1 },
  ],
  root: [{ op: "mask", root: slots.root, path: "/proc/kcore" }],
  identity: [
    { op: "seccomp", filter: new Uint8Array(64).fill(6) },
    { op: "idSwitch", uid: 1000, gid: 1000, groups: [5, 6, 7] },
  ],
});

const plans: Readonly<Record<string, TestPlan>> = {
  empty: {},
  box,
  files: {
    host: [
      { op: "directory", path: `/run/${id}`, mode: 0o700, ignore: ["EEXIST", "EROFS"] },
      { op: "writeFile", path: `/run/${id}/state.json`, content: `{"id":"${id}","pid":%p}`, mode: 0o600 },
      { op: "openFile", path: "/etc/passwd", flags: 0, out: slot(0) },
      { op: "readInRoot", root: slot(0), path: "/x", limit: 10, tag: 1 },
    ],
  },
};

mkdirSync(directory, { recursive: true });
for (const [name, { host = [], stage = [], init = [] }] of Object.entries(plans)) {
  const { message } = encodePlan({ host, stage, init } as unknown as Plan, [{ name: "id", value: id }]);
  writeFileSync(join(directory, `${name}.plan`), message.subarray(4));
}
