import { cloneFlags } from "../flags.ts";
import { slotsOf } from "../plan.ts";
import { at, CREATED_BARRIER, find, firstOf, lastOf, type Rule } from "./rule.ts";

/** Rules about what must come before what, on the host and while the root is built. */
export const orderRules: readonly Rule[] = [
  {
    id: "journal-before-effect",
    reason: "a control group made before its journal entry survives a crash unnoticed",
    source: "docs/architecture.md#crash-safety",
    *check(plan) {
      const effect = firstOf(plan.host, "cgroupCreate");
      const journal = firstOf(plan.host, "writeFile");
      if (effect >= 0 && (journal < 0 || journal > effect))
        yield at("host", effect, "no state file is written before it");
    },
  },
  {
    id: "limits-before-process",
    reason: "a process that runs before its limits are set can use what it must not have",
    source: "cgroups(7)",
    *check(plan) {
      const run = firstOf(plan.host, "runStage");
      if (run < 0) return;
      for (const { index } of find(plan, "host", "cgroupSet", "cgroupDevices")) {
        if (index > run) yield at("host", index, "the limit is set after the process exists");
      }
    },
  },
  {
    id: "groups-joined",
    reason: "a control group that nobody joins limits nothing",
    source: "cgroups(7)",
    *check(plan) {
      const joined = new Set<number>();
      for (const op of [...plan.stage, ...plan.init]) {
        if (op.op === "cgroupJoin") joined.add(op.group);
        if (op.op === "spawn" && op.group !== undefined) joined.add(op.group);
      }
      const groups = [...find(plan, "host", "cgroupCreate")];
      // Who joins a group is in all those above it, too.
      const isJoined = ({ mount, path }: (typeof groups)[number]["op"]): boolean =>
        groups.some(({ op }) => joined.has(op.out) && op.mount === mount && isBelow(op.path, path));
      for (const { op, index } of groups) {
        if (plan.init.length > 0 && !isJoined(op)) yield at("host", index, `nothing joins ${op.path}`);
      }
    },
  },
  {
    id: "join-before-cgroup-namespace",
    reason: "the namespace's root is where its maker is: made too early it shows the caller's whole tree",
    source: "cgroup_namespaces(7)",
    *check(plan) {
      const unshare = plan.init.findIndex(
        (op) => op.op === "unshare" && (op.flags & cloneFlags.NEWCGROUP) !== 0,
      );
      for (const { index } of find(plan, "init", "cgroupJoin")) {
        if (unshare >= 0 && index > unshare)
          yield at("init", index, "the group is joined after the cgroup namespace was made");
      }
      const spawn = [...find(plan, "stage", "spawn")][0];
      if (spawn && ((spawn.op.flags ?? 0) & cloneFlags.NEWCGROUP) !== 0) {
        yield at("stage", spawn.index, "clone makes the cgroup namespace before the child is in its group");
      }
    },
  },
  {
    id: "pid-known",
    reason: "a file with the pid of init written before there is one holds nonsense",
    source: "docs/plan-reference.md writeFile",
    *check(plan) {
      const run = firstOf(plan.host, "runStage", "adoptInit", "awaitCriu");
      for (const { op, index } of find(plan, "host", "writeFile")) {
        if (/%[pt]/.test(op.content.replaceAll("%%", "")) && (run < 0 || index < run)) {
          yield at("host", index, `${op.path} wants the pid of init before it exists`);
        }
      }
    },
  },
  {
    id: "devices-before-use",
    reason: "a hook or a kernel parameter that names a network device finds none before it has moved",
    source: "docs/plan-reference.md moveDevice",
    *check(plan) {
      const moved = lastOf(plan.host, "moveDevice");
      if (moved < 0) return;
      const run = firstOf(plan.host, "runStage");
      const hook = plan.host.findIndex(({ op }, index) => op === "hook" && index > run);
      if (hook >= 0 && hook < moved) yield at("host", moved, "a hook runs before the device moves");
      const told = plan.host.find((op, index) => op.op === "release" && index > moved);
      const awaits = plan.init.findIndex(
        (op) => op.op === "await" && told?.op === "release" && op.barrier === told.barrier,
      );
      const use = firstOf(plan.init, "sysctl", "hook");
      if (awaits < 0 || (use >= 0 && use < awaits))
        yield at("host", moved, "init does not wait for the device to have moved");
    },
  },
  {
    id: "failure-awaited",
    reason: "a helper that leaves before init has spoken loses the reason why it failed",
    source: "docs/architecture.md#the-exec-status-is-never-lost",
    *check(plan) {
      if (plan.init.length === 0) return;
      const twoSteps = firstOf(plan.init, "awaitStart") >= 0;
      const leaves = firstOf(plan.init, "leave") >= 0;
      const heard = plan.host.some((op) => {
        if (leaves) return op.op === "await";
        return twoSteps ? op.op === "await" && op.barrier === CREATED_BARRIER : op.op === "awaitExec";
      });
      if (!heard) yield at("host", plan.host.length - 1, "the host list does not wait for init's word");
    },
  },
  {
    id: "mounts-stay-inside",
    reason:
      "without a mount namespace cut off from its parent, every mount of the container appears on the host",
    source: "mount_namespaces(7)",
    *check(plan) {
      const mount = firstOf(plan.init, "root", "attach", "mountFs");
      if (mount < 0) return;
      const spawn = [...find(plan, "stage", "spawn")][0];
      const made = ((spawn?.op.flags ?? 0) & cloneFlags.NEWNS) !== 0;
      if (made && firstOf(plan.init, "propagation") < 0)
        yield at("init", mount, "the propagation of the new namespace is not set");
      if (!made && firstOf(plan.stage, "join") < 0)
        yield at("init", mount, "the process has no mount namespace of its own");
    },
  },
  {
    id: "sources-before-root",
    reason: "with the container's root in place, a path of the host may lead through a link of the image",
    source: "docs/decisions/0012-unprivileged.md",
    *check(plan) {
      const root = firstOf(plan.init, "root");
      for (const { op, index } of find(plan, "init", "cloneMount")) {
        if (root >= 0 && index > root) yield at("init", index, `${op.path} is cloned after the root`);
      }
    },
  },
  {
    id: "no-hidden-device",
    reason: "a device or link below a directory that is mounted over later is not there for the program",
    source: "mount(8)",
    *check(plan) {
      const mounts = [...find(plan, "init", "attach", "mountFs")];
      const last = mounts.at(-1)?.index ?? -1;
      for (const { op, index } of find(plan, "init", "device", "symlink")) {
        if (index > last) break;
        const over = mounts.find((later) => later.index > index && isBelow(op.path, later.op.target));
        if (over !== undefined) yield at("init", over.index, `it hides ${op.path}, made before`);
      }
    },
  },
  {
    id: "console-after-devpts",
    reason: "a terminal from any other devpts instance than the container's belongs to the host",
    source: "CVE-2025-52565",
    *check(plan) {
      const console = firstOf(plan.init, "console");
      const root = firstOf(plan.init, "root");
      if (console < 0 || root < 0) return;
      const devpts = plan.init.findIndex((op) => op.op === "mountFs" && op.type === "devpts");
      const bound = plan.init.findIndex((op) => op.op === "attach" && isBelow("/dev/pts", op.target));
      if (![devpts, bound].some((index) => index >= 0 && index < console))
        yield at("init", console, "no devpts is mounted before it");
    },
  },
  {
    id: "create-hook-after-mounts",
    reason: "the hook is promised the container's mounts",
    source: "https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#createcontainer-hooks",
    *check(plan) {
      const pivot = firstOf(plan.init, "pivot", "moveRoot", "changeRoot");
      const mount = lastOf(plan.init.slice(0, Math.max(pivot, 0)), "attach", "mountFs", "device", "symlink");
      for (const { index } of find(plan, "init", "hook")) {
        if (index < mount) yield at("init", index, "the hook runs before the last mount");
      }
    },
  },
  {
    id: "root-left",
    reason: "a container whose root was built but not entered runs on the host's files",
    source: "pivot_root(2)",
    *check(plan) {
      const root = firstOf(plan.init, "root");
      if (root >= 0 && firstOf(plan.init, "pivot", "moveRoot", "changeRoot") < 0)
        yield at("init", root, "nothing enters this root");
    },
  },
  {
    id: "no-host-object-after-pivot",
    reason: "a descriptor of the host used inside the new root is the way out of it",
    source: "CVE-2024-21626",
    *check(plan) {
      const pivot = firstOf(plan.init, "pivot", "moveRoot", "changeRoot");
      if (pivot < 0) return;
      const hostMade = new Set(
        [
          ...find(
            plan,
            "host",
            "cloneMount",
            "overlay",
            "openFile",
            "cgroupCreate",
            "cgroupOpen",
            "openNamespace",
          ),
          ...find(plan, "init", "cloneMount"),
        ].map(({ op }) => op.out as number),
      );
      for (const [index, op] of plan.init.entries()) {
        if (index <= pivot) continue;
        for (const slot of slotsOf(op).reads)
          if (hostMade.has(slot)) yield at("init", index, `it uses slot ${slot}, a thing of the host`);
      }
    },
  },
  {
    id: "parameters-before-read-only",
    reason: "a kernel parameter cannot be written through a /proc/sys that is read-only already",
    source: "proc_sys(5)",
    *check(plan) {
      const protect = plan.init.findIndex((op) => op.op === "readOnly" && isBelow("/proc/sys", op.path));
      for (const { op, index } of find(plan, "init", "sysctl")) {
        if (protect >= 0 && index > protect)
          yield at("init", index, `${op.key} is written after /proc/sys became read-only`);
      }
    },
  },
  {
    id: "read-only-root-last",
    reason: "nothing can be made in a root that is read-only already",
    source: "mount_setattr(2)",
    *check(plan) {
      const protect = plan.init.findIndex(
        (op) => op.op === "setMount" && op.target === "/" && ((op.set ?? 0n) & 1n) !== 0n,
      );
      for (const { op, index } of find(plan, "init", "makeDirectory")) {
        if (protect >= 0 && index > protect)
          yield at("init", index, `${op.path} is made after the root became read-only`);
      }
    },
  },
];

/** Whether a path is the directory or lies below it. */
function isBelow(path: string, directory: string): boolean {
  const base = directory.replace(/\/+$/, "");
  return path === base || path.startsWith(`${base}/`);
}
