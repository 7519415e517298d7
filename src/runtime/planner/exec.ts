import type { Plan, Slot } from "../../plan/index.ts";
import type { Process, Spec } from "../../specs/oci-runtime/index.ts";
import type { StoredState } from "../state.ts";
import { type PlanBuilder, planBuilder } from "./builder.ts";
import { consoleSize, planConsoleSocket, planPidfdSocket } from "./console.ts";
import { execOp, type IdentityInput, lateFilter, planIdentity } from "./identity.ts";
import type { ConsoleTarget, PlanFacts } from "./input.ts";
import { ioPriorityOps, limitOps } from "./limits.ts";
import { namespaceFlags } from "./namespaces.ts";
import { planResctrlOfExec } from "./resctrl.ts";
import { affinityOps, memoryPolicyOps } from "./scheduling.ts";

/** What decides the plan for a further process in a running container. */
export type ExecInput = {
  readonly state: StoredState;
  /** The container's configuration as it was when it was made. */
  readonly spec: Spec;
  readonly process: Process;
  readonly facts: PlanFacts;
  readonly console?: ConsoleTarget | undefined;
  readonly pidFile?: string | undefined;
  /** Unix socket that gets a pidfd of the process. */
  readonly pidfdSocket?: string | undefined;
  readonly preserveFds?: number;
  /** Stay until the process has ended, forwarding signals. */
  readonly foreground: boolean;
};

/** A further process in a running container, as a plan. It joins the groups first and the namespaces then. */
export function planExec(input: ExecInput): Plan {
  const builder = planBuilder();
  const { state, spec, process } = input;
  const target = builder.slot();
  builder.host.push({
    op: "openProcess",
    from: "container's pid",
    pid: state.pid,
    startTime: BigInt(state.startTime),
    out: target,
  });
  const groups = openGroups(builder, state);
  const console = process.terminal && input.console ? planConsoleSocket(builder, input.console) : undefined;
  const pidfdSocket = planPidfdSocket(builder, input.pidfdSocket);
  const all = (spec.linux?.namespaces ?? []).reduce((mask, { type }) => mask | namespaceFlags[type], 0);
  const view = groups.unified === undefined ? undefined : openGroupView(builder, state, all);
  const flags = view === undefined ? all : all & ~namespaceFlags.cgroup;
  builder.stage.push(...affinityOps(process, "process", "initial"));
  for (const group of groups.legacy)
    builder.stage.push({ op: "cgroupJoin", from: "container's groups", group, version: 1 });
  planResctrlOfExec(builder, state.resctrl);
  builder.stage.push(...limitOps(process, "process"));
  builder.stage.push({ op: "join", from: "container's namespaces", process: target, flags });
  builder.stage.push({
    op: "spawn",
    from: "process",
    ...(groups.unified !== undefined && { group: groups.unified }),
  });
  if (view !== undefined) {
    builder.init.push({ op: "join", from: "container's namespaces", namespaces: [view] });
  }
  builder.init.push(
    ...affinityOps(process, "process", "final"),
    ...memoryPolicyOps(spec.linux),
    ...ioPriorityOps(process, "process"),
    {
      op: "session",
      from: "process",
    },
  );
  if (console) {
    builder.init.push({
      op: "console",
      from: "process/terminal",
      socket: console.socket,
      ...consoleSize(process),
    });
  }
  const identity: IdentityInput = {
    process,
    spec,
    facts: input.facts,
    subject: { ...state, status: "running" },
    from: "process",
  };
  planIdentity(builder, identity);
  builder.init.push(...lateFilter(builder, identity), execOp(identity, input.preserveFds ?? 0));
  builder.host.push({ op: "runStage", from: "process", fork: 1 }, { op: "awaitExec", from: "process/args" });
  if (input.pidFile !== undefined) {
    builder.host.push({
      op: "writeFile",
      from: "--pid-file",
      path: input.pidFile,
      content: "%p",
      mode: 0o644,
    });
  }
  if (pidfdSocket !== undefined)
    builder.host.push({ op: "sendProcess", from: "--pidfd-socket", socket: pidfdSocket });
  if (input.foreground) {
    const terminal = console?.terminal;
    builder.host.push({
      op: "waitExit",
      from: "exec",
      forward: 1,
      ...(terminal !== undefined && { terminal }),
    });
  }
  return builder.finish();
}

/**
 * The container's cgroup namespace, for the new process to enter once it is in its group. Where the v2 hierarchy is mounted
 * with nsdelegate, as systemd does, nobody in that namespace may take a process in from outside of it.
 */
function openGroupView(builder: PlanBuilder, { pid }: StoredState, flags: number): Slot | undefined {
  if ((flags & namespaceFlags.cgroup) === 0) return undefined;
  const out = builder.slot();
  builder.host.push({
    op: "openNamespace",
    from: "container's namespaces",
    path: `/proc/${pid}/ns/cgroup`,
    kind: namespaceFlags.cgroup,
    out,
  });
  return out;
}

function openGroups(builder: PlanBuilder, state: StoredState) {
  const legacy: ReturnType<PlanBuilder["slot"]>[] = [];
  let unified: ReturnType<PlanBuilder["slot"]> | undefined;
  for (const { path, version } of state.groups) {
    const out = builder.slot();
    builder.host.push({ op: "cgroupOpen", from: "container's groups", path, out });
    if (version === 2) unified = out;
    else legacy.push(out);
  }
  return { legacy, unified };
}
