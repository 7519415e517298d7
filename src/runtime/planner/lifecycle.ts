import type { Op, Plan } from "../../plan/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import type { StoredState } from "../state.ts";
import { planBuilder } from "./builder.ts";
import { hookOps } from "./hooks.ts";
import { stateFiles } from "./state.ts";

/** How long delete waits for killed processes and busy groups, in milliseconds. */
const PATIENCE = 10_000;

/** A container that exists: where it is kept and what it was made from. */
export type Existing = {
  readonly state: StoredState;
  readonly stateDir: string;
  readonly spec: Spec | undefined;
};

/** Lets a created container go on, then runs its poststart hooks. */
export function planStart({ state, stateDir, spec }: Existing): Plan {
  const { host, slot, finish } = planBuilder();
  const process = slot();
  host.push(openInit(state, process), {
    op: "start",
    from: "start",
    fifo: `${stateDir}/${stateFiles.start}`,
    status: `${stateDir}/${stateFiles.execStatus}`,
    process,
  });
  const context = { subject: state, status: "running" as const, directory: state.bundle };
  host.push(...withPid(hookOps("poststart", spec?.hooks, context), state.pid));
  return finish();
}

/** Sends a signal to a container's init. */
export function planKill({ state }: Existing, signal: number): Plan {
  const { host, slot, finish } = planBuilder();
  const process = slot();
  host.push(openInit(state, process), { op: "signal", from: "kill", process, signal });
  return finish();
}

/** Sends a signal to every process of a container, whoever its parent is. */
export function planKillAll({ state }: Existing, signal: number): Plan {
  const { host, finish } = planBuilder();
  for (const path of killGroups(state)) {
    host.push({ op: "cgroupKill", from: "kill --all", path, signal, timeout: 0, ignore: ["ENOENT"] });
  }
  return finish();
}

/**
 * Removes everything that a container left: its processes if it still has any, its groups, its directory.
 */
export function planDelete({ state, stateDir }: Existing, options: { kill: boolean }): Plan {
  const { host, slot, finish } = planBuilder();
  if (options.kill && state.pid !== 0) {
    const process = slot();
    host.push(
      openInit(state, process),
      { op: "signal", from: "delete --force", process, signal: 9, ignore: ["ESRCH"] },
      { op: "awaitDeath", from: "delete --force", process, timeout: PATIENCE },
    );
  }
  for (const path of killGroups(state)) {
    host.push({ op: "cgroupKill", from: "delete", path, signal: 9, timeout: PATIENCE, ignore: ["ENOENT"] });
  }
  for (const { path } of state.groups) {
    host.push({ op: "cgroupRemove", from: "delete", path, timeout: PATIENCE, ignore: ["ENOENT"] });
  }
  host.push({ op: "remove", from: "delete", path: stateDir, tree: 1, ignore: ["ENOENT"] });
  return finish();
}

/**
 * The poststop hooks, each a plan of its own: one that fails keeps no other from running.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#lifecycle step 13
 */
export function planPoststop({ state, spec }: Existing): Plan[] {
  const context = { subject: state, status: "stopped" as const };
  return hookOps("poststop", spec?.hooks, context).map((op) => ({ host: [op], stage: [], init: [] }));
}

/** One group is enough to find every process: the v2 one, else the pids or any other v1 one. */
function killGroups(state: StoredState): string[] {
  const unified = state.groups.find(({ version }) => version === 2);
  const pids = state.groups.find(({ controllers }) => controllers.includes("pids"));
  const chosen = unified ?? pids ?? state.groups[0];
  return chosen === undefined ? [] : [chosen.path];
}

function openInit(state: StoredState, out: ReturnType<ReturnType<typeof planBuilder>["slot"]>): Op {
  return {
    op: "openProcess",
    from: "container's pid",
    pid: state.pid,
    startTime: BigInt(state.startTime),
    out,
  };
}

/** Hooks of a later plan: the pid is known by now. */
function withPid(hooks: Op[], pid: number): Op[] {
  const expand = (_: string, letter: string): string => (letter === "p" ? String(pid) : "%%");
  return hooks.map((op) => (op.op === "hook" ? { ...op, input: op.input.replace(/%([p%])/g, expand) } : op));
}
