import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  cloneFlags,
  cloneMountFlags,
  mountAttributes,
  nodeTypes,
  propagationFlags,
} from "../../src/plan/index.ts";
import { type Outcome, type RunOptions, run, slot, type TestOp, type TestPlan } from "./driver.ts";

const { RDONLY, NOSUID, NODEV, NOEXEC } = mountAttributes;

/** Slots that the plan of a box uses; tests take higher ones. */
export const slots = { rootMount: slot(0), programs: slot(1), root: slot(2), free: 3 };

/** Ops that a test adds to a box, by the place where they stand. */
export type BoxParts = {
  readonly host?: readonly TestOp[];
  /** After init exists. */
  readonly attend?: readonly TestOp[];
  readonly stage?: readonly TestOp[];
  readonly enter?: readonly TestOp[];
  readonly mounts?: readonly TestOp[];
  /** After the switch to the new root. */
  readonly root?: readonly TestOp[];
  readonly identity?: readonly TestOp[];
  readonly final?: readonly TestOp[];
  readonly namespaces?: number;
  readonly env?: readonly string[];
  /** In place of the shell. */
  readonly exec?: TestOp;
  /** In place of pivot. */
  readonly pivot?: TestOp;
  /** False: no null device, for user namespaces, where nodes may not be made. */
  readonly nodes?: boolean;
};

/** Makes a root file system: directories and links only; the programs of the machine are bound to usr. */
export async function makeRootfs(directory: string): Promise<string> {
  const path = join(directory, "rootfs");
  for (const name of ["usr", "proc", "dev", "sys", "tmp", "etc"])
    await mkdir(join(path, name), { recursive: true });
  for (const name of ["bin", "lib", "lib64", "sbin"]) await symlink(`usr/${name}`, join(path, name));
  await writeFile(join(path, "etc/hostname"), "rootfs\n");
  return path;
}

/** The plan of a container that runs a shell script on the machine's own programs. */
export function boxPlan(rootfs: string, script: string, parts: BoxParts = {}): TestPlan {
  const { NEWPID, NEWNS, NEWUTS, NEWIPC, NEWNET } = cloneFlags;
  const namespaces = parts.namespaces ?? NEWPID | NEWNS | NEWUTS | NEWIPC | NEWNET;
  return {
    host: [
      { op: "cloneMount", path: rootfs, out: slots.rootMount },
      { op: "cloneMount", path: "/usr", flags: cloneMountFlags.RECURSIVE, out: slots.programs },
      { op: "changeMount", mount: slots.programs, set: BigInt(RDONLY) },
      ...(parts.host ?? []),
      { op: "runStage", fork: parts.stage === undefined ? 0 : 1 },
      ...(parts.attend ?? []),
      { op: "awaitExec" },
      { op: "waitExit" },
    ],
    stage: [...(parts.stage ?? []), ...spawnUnlessGiven(parts.stage, namespaces)],
    init: [
      { op: "session" },
      { op: "propagation", propagation: propagationFlags.PRIVATE },
      ...(parts.enter ?? []),
      { op: "root", path: rootfs, mount: slots.rootMount, out: slots.root },
      { op: "attach", root: slots.root, mount: slots.programs, target: "/usr" },
      {
        op: "mountFs",
        root: slots.root,
        target: "/proc",
        type: "proc",
        set: BigInt(NOSUID | NODEV | NOEXEC),
      },
      {
        op: "mountFs",
        root: slots.root,
        target: "/dev",
        type: "tmpfs",
        options: ["mode=755"],
        set: BigInt(NOSUID),
      },
      ...(parts.nodes === false ? [] : [device("/dev/null", 3)]),
      ...(parts.mounts ?? []),
      parts.pivot ?? { op: "pivot", root: slots.root },
      ...(parts.root ?? []),
      ...(parts.identity ?? []),
      ...(parts.final ?? []),
      parts.exec ?? { op: "exec", args: ["/bin/sh", "-c", script], env: parts.env ?? ["PATH=/bin:/sbin"] },
    ],
  };
}

/** Runs a script in a box and gives back what it printed and how it ended. */
export async function runBox(
  rootfs: string,
  script: string,
  parts: BoxParts = {},
  options: RunOptions = {},
): Promise<Outcome> {
  return await run(boxPlan(rootfs, script, parts), options);
}

/** A memory device of the usual mode. */
export function device(path: string, minor: number): TestOp {
  return { op: "device", root: slots.root, path, type: nodeTypes.CHAR, major: 1, minor, mode: 0o666 };
}

function spawnUnlessGiven(stage: readonly TestOp[] | undefined, flags: number): TestOp[] {
  return stage?.some(({ op }) => op === "spawn") ? [] : [{ op: "spawn", flags }];
}
