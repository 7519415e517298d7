import { readFileSync } from "node:fs";
import { readlink } from "node:fs/promises";
import type { ExecuteResult, StandardDescriptor } from "../../helper/index.ts";
import { type CgroupMembership, parseCgroup } from "../../host/index.ts";
import type { NamespaceType, Process, Spec } from "../../specs/oci-runtime/index.ts";
import { lifecycleError } from "../errors.ts";
import { planExec } from "../planner/exec.ts";
import type { ConsoleTarget } from "../planner/input.ts";
import type { Existing } from "../planner/lifecycle.ts";
import type { StoredGroup, StoredState } from "../state.ts";
import { checkConsole } from "./console.ts";
import { loadExisting } from "./existing.ts";
import { isFrozen } from "./freezer.ts";
import type { RuntimeContext } from "./runtime.ts";
import { statusOf } from "./status.ts";
import { enterUnitHome } from "./unit-home.ts";

/** What `exec` is told besides the container. */
export type ExecOptions = {
  /** As the caller wrote it; `completeProcess` says what is added. */
  readonly process: Process;
  /** Wait for its end and forward signals. */
  readonly foreground: boolean;
  readonly console?: ConsoleTarget | undefined;
  readonly pidFile?: string | undefined;
  /** Unix socket that gets a pidfd of the process. */
  readonly pidfdSocket?: string | undefined;
  readonly preserveFds?: number;
  /** Paths below the container's group, by controller; the empty name stands for all. */
  readonly subgroups?: ReadonlyMap<string, string>;
  /** Do not refuse a paused container: the process begins when the container goes on. */
  readonly ignorePaused?: boolean;
};

/**
 * Runs a further program in a container that exists.
 *
 * @throws CONTAINER_NOT_FOUND, CONTAINER_NOT_RUNNING, CONTAINER_PAUSED, CONTAINER_UNPRIVILEGED, RUNTIME_*
 */
export async function execInContainer(
  context: RuntimeContext,
  id: string,
  options: ExecOptions,
  stdio: readonly [StandardDescriptor, StandardDescriptor, StandardDescriptor] = [
    "inherit",
    "inherit",
    "inherit",
  ],
): Promise<ExecuteResult> {
  const existing = await loadExisting(context.root, id);
  await checkRunning(context, existing, options.ignorePaused ?? false);
  const spec = requireSpec(existing);
  const process = completeProcess(options.process, spec.process);
  checkConsole(process, { console: options.console, attended: options.foreground });
  const { pidFile, pidfdSocket, preserveFds = 0, foreground, console } = options;
  if (existing.state.unit !== undefined) await enterUnitHome(context);
  const plan = planExec({
    state: { ...existing.state, groups: execGroups(existing.state, options.subgroups) },
    spec: await withoutOwnUserNamespace(existing.state, spec),
    process,
    facts: context.facts,
    foreground,
    console,
    pidFile,
    pidfdSocket,
    preserveFds,
  });
  return await context.helper.execute(plan, {
    stdio,
    descriptors: Array.from({ length: preserveFds }, (_, index) => 3 + index),
    isLast: true,
  });
}

/** The process that `exec` runs when it is given a command alone: the container's own with other arguments. */
export async function processOf(context: RuntimeContext, id: string): Promise<Process> {
  return requireSpec(await loadExisting(context.root, id)).process;
}

/** What the caller leaves open is as it is for the container's own process, as in runc. */
function completeProcess(process: Process, own: Process): Process {
  const { capabilities, rlimits = [], oomScoreAdj, user, noNewPrivileges } = process;
  const limits = rlimits.length > 0 ? rlimits : own.rlimits;
  const score = oomScoreAdj ?? own.oomScoreAdj;
  const umask = user.umask ?? own.user.umask;
  return {
    ...process,
    user: { ...user, ...(umask !== undefined && { umask }) },
    noNewPrivileges: noNewPrivileges ?? false,
    ...((capabilities ?? own.capabilities) && { capabilities: capabilities ?? own.capabilities ?? {} }),
    ...(limits !== undefined && { rlimits: limits }),
    ...(score !== undefined && { oomScoreAdj: score }),
  };
}

async function checkRunning(
  { facts, unprivileged }: RuntimeContext,
  existing: Existing,
  ignorePaused: boolean,
): Promise<void> {
  const { id } = existing.state;
  const status = statusOf(existing, facts.bootId);
  if (status === "stopped") {
    throw lifecycleError("NOT_RUNNING", "cannot exec in a stopped container: container not running");
  }
  if (status === "creating") {
    throw lifecycleError("NOT_RUNNING", `cannot exec in container ${id}: it is being created`);
  }
  if (status === "created" && unprivileged !== undefined) {
    throw lifecycleError("NOT_RUNNING", `cannot exec in container ${id}: it has not been started`, {
      hint: "start it first: until then its process shows itself to root alone",
    });
  }
  if (!ignorePaused && isFrozen(existing.state)) {
    throw lifecycleError("PAUSED", "cannot exec in a paused container", {
      hint: "let it go on with: tug-oci resume, or give --ignore-paused",
    });
  }
}

function requireSpec({ spec, stateDir }: Existing): Spec {
  if (spec !== undefined) return spec;
  throw lifecycleError("STATE", `cannot read ${stateDir}/config.json: it is not there`, {
    hint: "remove what is left of the container with: tug-oci delete --force",
  });
}

/**
 * The groups that the process joins. On v2 that is where the container's first process is by now: one that manages
 * groups of its own, as systemd does, has left its first one, and nothing can join a group that hands controllers on.
 */
function execGroups(
  { pid, groups }: StoredState,
  subgroups: ReadonlyMap<string, string> = new Map(),
): StoredGroup[] {
  if (subgroups.size === 0) return presentGroups({ pid, groups });
  return groups.map((group) => {
    const named = [...subgroups].find(([controller]) => group.controllers.includes(controller));
    const below = named?.[1] ?? subgroups.get("");
    return below === undefined ? group : { ...group, path: joinBelow(group.path, below) };
  });
}

/**
 * Where a container's first process is by now. On v2 one that manages groups of its own, as systemd does, has left its
 * first group, and so has one with other containers in it.
 */
export function presentGroups({ pid, groups }: Pick<StoredState, "pid" | "groups">): StoredGroup[] {
  if (!groups.some(({ version }) => version === 2)) return [...groups];
  let now: CgroupMembership[];
  try {
    now = parseCgroup(readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  } catch {
    return [...groups]; // It has ended, which whoever opens the process is told.
  }
  return groups.map((group) => (group.version === 2 ? { ...group, path: presentPath(group, now) } : group));
}

/** The path is the caller's view of the hierarchy; what is not below the container's own group is not used. */
function presentPath({ path }: StoredGroup, now: readonly CgroupMembership[]): string {
  const own = now.find(({ hierarchy }) => hierarchy === 0)?.path;
  const name = path.slice(path.lastIndexOf("/"));
  const at = own?.lastIndexOf(`${name}/`) ?? -1;
  return own === undefined || at < 0 ? path : path + own.slice(at + name.length);
}

function joinBelow(path: string, below: string): string {
  const steps = below.split("/").filter((step) => step !== "" && step !== ".");
  if (!steps.includes("..")) return [path, ...steps].join("/");
  throw lifecycleError("GROUP", `cannot use --cgroup ${below}: it is not below the container's group`, {
    hint: "write the path without ..",
  });
}

/** The kernel refuses to enter the user namespace that a process is in already. */
async function withoutOwnUserNamespace({ pid }: StoredState, spec: Spec): Promise<Spec> {
  const namespaces = spec.linux?.namespaces ?? [];
  if (!namespaces.some(({ type }) => type === "user")) return spec;
  const [own, other] = await Promise.all(
    ["self", pid].map((process) => readlink(`/proc/${process}/ns/user`).catch(() => undefined)),
  );
  if (own === undefined || own !== other) return spec;
  const kept = namespaces.filter(({ type }) => type !== ("user" satisfies NamespaceType));
  return { ...spec, linux: { ...spec.linux, namespaces: kept } };
}
