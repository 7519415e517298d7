import type { Op, Plan } from "../../plan/index.ts";
import type { Hooks, Spec } from "../../specs/oci-runtime/index.ts";
import { cgroupError } from "../cgroups/errors.ts";
import type { StoredGroup, StoredState } from "../state.ts";
import { planBuilder } from "./builder.ts";
import { hookOps } from "./hooks.ts";
import { planNotifySocket } from "./notify.ts";
import { removeResctrl } from "./resctrl.ts";
import { stateFiles } from "./state.ts";

/** How long delete waits for killed processes and busy groups, and a freeze for busy ones, in milliseconds. */
const PATIENCE = 10_000;

const SIGKILL = 9;

/** A process by a number that cannot be mistaken for another's after it was given away again. */
export type KnownProcess = { readonly pid: number; readonly startTime: bigint };

/** A container that exists: where it is kept and what it was made from. */
export type Existing = {
  readonly state: StoredState;
  readonly stateDir: string;
  readonly spec: Spec | undefined;
  readonly hooks: Hooks | undefined;
};

/**
 * Lets a created container go on, then runs its poststart hooks.
 *
 * @param notifySocket of the service manager that then waits for the container to be ready
 */
export function planStart({ state, stateDir, hooks }: Existing, notifySocket?: string): Plan {
  const builder = planBuilder();
  const { host, slot, finish } = builder;
  const process = slot();
  host.push(openInit(state, process));
  const notify = planNotifySocket(builder, { stateDir, notifySocket });
  host.push({
    op: "start",
    from: "start",
    fifo: `${stateDir}/${stateFiles.start}`,
    status: `${stateDir}/${stateFiles.execStatus}`,
    process,
  });
  const context = { subject: state, status: "running" as const, directory: state.bundle };
  host.push(...withPid(hookOps("poststart", hooks, context), state.pid));
  if (notify !== undefined) {
    const manager = notifySocket ?? "";
    host.push({ op: "notify", from: "NOTIFY_SOCKET", socket: notify, manager, process, pid: state.pid });
  }
  return finish();
}

/** Sends a signal to a container's init. A signal that kills makes a frozen container go on, or it would not die. */
export function planKill({ state }: Existing, signal: number): Plan {
  const { host, slot, finish } = planBuilder();
  const process = slot();
  host.push(openInit(state, process), { op: "signal", from: "kill", process, signal });
  if (signal === SIGKILL) host.push(...thaw(state));
  return finish();
}

/**
 * Freezes every process of a container, or lets them go on.
 *
 * @throws CGROUP_FREEZER when the machine has no hierarchy that freezes
 */
export function planFreeze({ state }: Existing, frozen: boolean): Plan {
  const { host, finish } = planBuilder();
  const legacy = legacyFreezer(state);
  const group = legacy ?? state.groups.find(({ version }) => version === 2);
  if (group === undefined) {
    const reason = state.groups.length === 0 ? "it has no control group" : "no freezer hierarchy is mounted";
    throw cgroupError("FREEZER", `cannot freeze container ${state.id}: ${reason}`, {
      hint: "mount cgroup2, or the freezer controller of version 1, where the caller may make groups",
    });
  }
  host.push({
    op: "cgroupFreeze",
    from: frozen ? "pause" : "unpause",
    path: group.path,
    frozen: frozen ? 1 : 0,
    timeout: PATIENCE,
  });
  return finish();
}

/** Sends a signal to every process of a container that has a control group, whoever its parent is. */
export function planKillAll({ state }: Existing, signal: number): Plan {
  const { host, finish } = planBuilder();
  for (const path of killGroups(state)) {
    host.push({ op: "cgroupKill", from: "kill --all", path, signal, timeout: 0, ignore: ["ENOENT"] });
  }
  if (signal === SIGKILL) host.push(...thaw(state));
  return finish();
}

/** So many processes one plan sends a signal to: each takes a descriptor, of which a process has 1024 mostly. */
const SIGNALLED_AT_ONCE = 256;

/** Sends a signal to processes of a container without a control group. One that has ended meanwhile is none to signal. */
export function plansToSignal(known: readonly KnownProcess[], signal: number): Plan[] {
  const plans: Plan[] = [];
  for (let begin = 0; begin < known.length; begin += SIGNALLED_AT_ONCE) {
    const { host, slot, finish } = planBuilder();
    for (const { pid, startTime } of known.slice(begin, begin + SIGNALLED_AT_ONCE)) {
      const process = slot();
      host.push(
        { op: "openProcess", from: "container's processes", pid, startTime, out: process, ignore: ["ESRCH"] },
        { op: "signal", from: "kill --all", process, signal, ignore: ["ESRCH", "EBADF"] },
      );
    }
    plans.push(finish());
  }
  return plans;
}

/** Removes everything that a container left: its processes if it still has any, its groups, its directory. */
export function planDelete({ state, stateDir }: Existing, options: { kill: boolean }): Plan {
  const { host, slot, finish } = planBuilder();
  if (options.kill && state.pid !== 0) {
    const process = slot();
    host.push(
      openInit(state, process),
      { op: "signal", from: "delete --force", process, signal: SIGKILL, ignore: ["ESRCH"] },
      ...thaw(state),
      { op: "awaitDeath", from: "delete --force", process, timeout: PATIENCE },
    );
  } else {
    host.push(...thaw(state));
  }
  host.push(...removalOps(state, stateDir));
  return finish();
}

/** What of a container's state tells what is left of it when its first process has ended. */
export type Remains = Pick<StoredState, "groups" | "handler" | "resctrl">;

/** Ends what runs besides the first process, and removes the groups and the directory. Nothing may be frozen. */
function removalOps(state: Remains, stateDir: string): Op[] {
  const from = "delete";
  const ignore = ["ENOENT"] as const;
  return [
    ...killGroups(state).map(
      (path): Op => ({ op: "cgroupKill", from, path, signal: SIGKILL, timeout: PATIENCE, ignore }),
    ),
    ...state.groups.map(({ path }): Op => ({ op: "cgroupRemove", from, path, timeout: PATIENCE, ignore })),
    ...removeResctrl(state.resctrl, PATIENCE),
    { op: "remove", from, path: stateDir, tree: 1, ignore },
  ];
}

/** The same as `planDelete` for a container whose end was just waited for, as the last ops of the plan that did. */
export function removeEnded(state: Remains, stateDir: string): Op[] {
  return [...thaw(state), ...removalOps(state, stateDir)];
}

/**
 * The poststop hooks, each a plan of its own: one that fails keeps no other from running.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#lifecycle step 13
 */
export function planPoststop({ state, hooks }: Existing): Plan[] {
  const context = { subject: state, status: "stopped" as const };
  return hookOps("poststop", hooks, context).map((op) => ({ host: [op], stage: [], init: [] }));
}

/**
 * On version 1 a frozen process cannot even be killed; a group of version 2 needs no help.
 * Source: https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html
 */
function thaw(state: Remains): Op[] {
  const group = legacyFreezer(state);
  if (group === undefined) return [];
  const { path } = group;
  return [{ op: "cgroupFreeze", from: "kill", path, frozen: 0, timeout: PATIENCE, ignore: ["ENOENT"] }];
}

function legacyFreezer({ groups }: Remains): StoredGroup | undefined {
  return groups.find(({ version, controllers }) => version === 1 && controllers.includes("freezer"));
}

/** The group by which every process of a container is found: the v2 one, else the pids or any other v1 one. */
export function killGroup(groups: readonly StoredGroup[]): StoredGroup | undefined {
  const unified = groups.find(({ version }) => version === 2);
  const pids = groups.find(({ controllers }) => controllers.includes("pids"));
  return unified ?? pids ?? groups[0];
}

/** The groups in which together every process of a container is. */
export function killGroups({ groups, handler }: Pick<StoredState, "groups" | "handler">): string[] {
  const chosen = handler === undefined ? [killGroup(groups)] : groups;
  return chosen.flatMap((group) => group?.path ?? []);
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
