import {
  type Binding,
  CREATED_BARRIER,
  NO_NETWORK_AHEAD,
  type Op,
  type Plan,
  propagationFlags,
  type Slot,
} from "../../plan/index.ts";
import { type PlanBuilder, planBuilder } from "./builder.ts";
import { type CgroupPlan, planCgroups } from "./cgroups.ts";
import { planConsole, planPidfdSocket } from "./console.ts";
import { planDevices } from "./devices.ts";
import { hookOps } from "./hooks.ts";
import { execOp, type IdentityInput, lateFilter, planIdentity } from "./identity.ts";
import type { CreateInput } from "./input.ts";
import { type Remains, removeEnded } from "./lifecycle.ts";
import { ioPriorityOps, limitOps } from "./limits.ts";
import { type MountContext, mountPropagation, planMounts } from "./mounts.ts";
import { type NamespacePlan, planNamespaces } from "./namespaces.ts";
import { awaitDevices, findDevices, moveDevices } from "./net-devices.ts";
import { notifyDirectory, planNotifySocket, withNotifyVariable } from "./notify.ts";
import { planProtection } from "./protect.ts";
import { joinResctrl, planResctrl, storedResctrl } from "./resctrl.ts";
import { mountRoot, rootPath } from "./root-mount.ts";
import { memoryPolicyOps } from "./scheduling.ts";
import { journalOps, stateFiles, stateWithPid, storedGroups } from "./state.ts";

/** Init has made its mounts and waits for the hooks of the host. */
const HOOKS_BEGIN = 1;
/** The hooks of the host have run. */
const HOOKS_END = 2;

/**
 * The whole life of `create`, and of `run`, as a plan.
 *
 * Pure: the same input gives the same plan on any machine. What differs from run to run (the id) is a binding, see
 * `createBindings`.
 */
export function planCreate(input: CreateInput): Plan {
  const builder = planBuilder();
  builder.host.push(...findDevices(input.spec), ...journalOps(input), ...notifyDirectory(input));
  const start = builder.slot();
  const status = builder.slot();
  builder.host.push(
    { op: "fifo", from: "start FIFO", path: `${input.stateDir}/${stateFiles.start}`, out: start },
    { op: "fifo", from: "exec-status FIFO", path: `${input.stateDir}/${stateFiles.execStatus}`, out: status },
  );
  const groups = { ...planCgroups(builder, input), resctrl: planResctrl(builder, input) };
  const namespaces = planNamespaces(builder, input);
  const console = planConsole(builder, input);
  const pidfdSocket = planPidfdSocket(builder, input.pidfdSocket);
  planStage(builder, input, { groups, namespaces });
  planEntry(builder, input, { groups, namespaces });
  planRoot(builder, input, { namespaces, openConsole: console.open });
  const identity: IdentityInput = {
    process: withNotifyVariable(input.spec.process, input),
    spec: input.spec,
    facts: input.facts,
    subject: { ...subjectOf(input), status: "creating" },
    from: "/process",
    keyring: input.noNewKeyring ? undefined : `_ses.${input.id}`,
  };
  planIdentity(builder, identity);
  builder.init.push(
    { op: "awaitStart", from: "start FIFO", start, status },
    ...lateFilter(builder, identity),
    ...hookOps("startContainer", input.spec.hooks, { subject: subjectOf(input), status: "created" }),
  );
  if (input.init) builder.init.push({ op: "becomeInit", from: "--init", title: `tug:[init] ${input.id}` });
  builder.init.push(execOp(identity, input.preserveFds ?? 0));
  planRun(builder, input);
  if (pidfdSocket !== undefined)
    builder.host.push({ op: "sendProcess", from: "--pidfd-socket", socket: pidfdSocket });
  planAttendance(builder, input, console.terminal);
  return builder.finish();
}

/** What stays out of the digest of a plan. */
export function createBindings(id: string, networkAhead = NO_NETWORK_AHEAD): Binding[] {
  return [
    { name: "id", value: id },
    { name: "short", value: id.slice(0, 12) },
    { name: "network", value: networkAhead },
  ];
}

type Groups = CgroupPlan & { resctrl: readonly Slot[] };
type Parts = { groups: Groups; namespaces: NamespacePlan };

function planStage({ stage }: PlanBuilder, { id, spec }: CreateInput, { groups, namespaces }: Parts): void {
  if (namespaces.user) stage.push(...groupOps(groups), ...limitOps(spec.process, "/process"));
  if (namespaces.join.length > 0)
    stage.push({ op: "join", from: "/linux/namespaces", namespaces: namespaces.join });
  if (namespaces.clocks !== undefined)
    stage.push({ op: "timeNamespace", from: "/linux/timeOffsets", offsets: namespaces.clocks });
  stage.push({
    op: "spawn",
    from: "/linux/namespaces",
    flags: namespaces.cloneFlags,
    title: id,
    ...(groups.birth !== undefined && { group: groups.birth }),
  });
}

function planEntry({ init }: PlanBuilder, { spec }: CreateInput, { groups, namespaces }: Parts): void {
  init.push(...awaitDevices(spec));
  if (!namespaces.user) init.push(...groupOps(groups), ...limitOps(spec.process, "/process"));
  init.push(...ioPriorityOps(spec.process, "/process"), ...memoryPolicyOps(spec.linux));
  init.push({ op: "session", from: "/process" });
  if (namespaces.unshareFlags !== 0) {
    init.push({ op: "unshare", from: "/linux/namespaces", flags: namespaces.unshareFlags });
  }
  if (hasMountNamespace(spec)) {
    const propagation = mountPropagation(spec.linux?.rootfsPropagation);
    init.push({ op: "propagation", from: "/linux/rootfsPropagation", propagation });
  }
  if (namespaces.network) init.push({ op: "loopbackUp", from: "/linux/namespaces" });
  if (namespaces.ownNetwork !== undefined)
    init.push({ op: "ownNetwork", from: "/linux/namespaces", ahead: namespaces.ownNetwork });
  if (spec.hostname) init.push({ op: "hostName", from: "/hostname", name: spec.hostname });
  if (spec.domainname) init.push({ op: "domainName", from: "/domainname", name: spec.domainname });
}

/** Where the container's root is nobody to the host, what needs the host's rights happens before it becomes that root. */
function groupOps({ join, resctrl }: Groups): Op[] {
  const joins: Op[] = join.map((group) => ({
    op: "cgroupJoin",
    from: "/linux/cgroupsPath",
    group,
    version: 1,
  }));
  return [...joins, ...joinResctrl(resctrl)];
}

type RootParts = { namespaces: NamespacePlan; openConsole: (context: MountContext) => void };

function planRoot(builder: PlanBuilder, input: CreateInput, { namespaces, openConsole }: RootParts): void {
  const { spec } = input;
  const root = builder.slot();
  const sources = input.unprivileged === undefined ? builder.host : [];
  const context: MountContext = { builder, input, namespaces, root, sources };
  const path = rootPath(input);
  const mount = rootMount(context, path);
  const begin = builder.init.length;
  builder.init.push({ op: "root", from: "/root/path", path, mount, out: root });
  const deferred = planMounts(context);
  if (input.unprivileged !== undefined) builder.init.splice(begin, 0, ...sources);
  planDevices(context);
  builder.init.push({ op: "makeDirectory", from: "/process/cwd", root, path: spec.process.cwd, mode: 0o755 });
  openConsole(context);
  const subject = subjectOf(input);
  if (hostHooks(input).length > 0) {
    builder.init.push(
      { op: "release", from: "/hooks/createRuntime", barrier: HOOKS_BEGIN },
      { op: "await", from: "/hooks/createRuntime", barrier: HOOKS_END },
    );
  }
  builder.init.push(
    ...hookOps("createContainer", spec.hooks, { subject, status: "creating", directory: input.bundle }),
  );
  if (!hasMountNamespace(spec)) builder.init.push({ op: "changeRoot", from: "/root/path", root });
  else if (input.noPivot) builder.init.push({ op: "moveRoot", from: "--no-pivot", root });
  else builder.init.push({ op: "pivot", from: "/root/path", root, ...innerPropagation(input) });
  planProtection(context, deferred);
}

/** The detached mount that becomes the root. */
function rootMount({ builder, input, sources }: MountContext, path: string) {
  const out = builder.slot();
  const from = "/root/path";
  if (input.root.kind === "scratch") {
    builder.init.push(
      { op: "scratch", from, path, directories: ["upper", "work"] },
      {
        op: "overlay",
        from,
        lowers: [input.root.lower],
        upper: `${path}/upper`,
        work: `${path}/work`,
        out,
      },
    );
  } else {
    const list = input.root.kind === "overlay" ? builder.host : sources;
    list.push(...mountRoot(input.root, { from, path, out }));
  }
  return out;
}

/** What a shared or private rootfsPropagation makes of the new root. */
function innerPropagation({ spec }: CreateInput): { propagation?: number } {
  const type = mountPropagation(spec.linux?.rootfsPropagation);
  return type === propagationFlags.SLAVE ? {} : { propagation: type };
}

function hostHooks(input: CreateInput) {
  const context = { subject: subjectOf(input), status: "creating" as const, directory: input.bundle };
  return [
    ...hookOps("prestart", input.spec.hooks, context),
    ...hookOps("createRuntime", input.spec.hooks, context),
  ];
}

function planRun({ host, stage }: PlanBuilder, input: CreateInput): void {
  host.push({
    op: "runStage",
    from: "/linux/namespaces",
    fork: stage.some(({ op }) => op === "join" || op === "timeNamespace") ? 1 : 0,
  });
  host.push(stateWithPid(input), ...moveDevices(input.spec));
  const hooks = hostHooks(input);
  if (hooks.length > 0) {
    host.push({ op: "await", from: "/hooks/createRuntime", barrier: HOOKS_BEGIN }, ...hooks, {
      op: "release",
      from: "/hooks/createRuntime",
      barrier: HOOKS_END,
    });
  }
  host.push({ op: "await", from: "created", barrier: CREATED_BARRIER });
}

function planAttendance(
  builder: PlanBuilder,
  input: CreateInput,
  terminal: ReturnType<PlanBuilder["slot"]> | undefined,
): void {
  const { host } = builder;
  const { stateDir, attendance, pidFile } = input;
  if (pidFile !== undefined)
    host.push({ op: "writeFile", from: "--pid-file", path: pidFile, content: "%p", mode: 0o644 });
  if (attendance === "create") return;
  const notify = planNotifySocket(builder, input);
  host.push({
    op: "start",
    from: "start",
    fifo: `${stateDir}/${stateFiles.start}`,
    status: `${stateDir}/${stateFiles.execStatus}`,
  });
  const context = { subject: subjectOf(input), status: "running" as const, directory: input.bundle };
  host.push(...hookOps("poststart", input.spec.hooks, context));
  if (attendance === "foreground") {
    host.push({
      op: "waitExit",
      from: "run",
      forward: 1,
      ...(terminal !== undefined && { terminal }),
      ...(notify !== undefined && { notify, manager: input.notifySocket ?? "" }),
    });
    if (input.removes) host.push(...removeEnded(remainsOf(input), stateDir));
  } else if (notify !== undefined) {
    host.push({ op: "notify", from: "NOTIFY_SOCKET", socket: notify, manager: input.notifySocket ?? "" });
  }
}

function remainsOf(input: CreateInput): Remains {
  const resctrl = storedResctrl(input);
  return { groups: storedGroups(input.cgroups), ...(resctrl && { resctrl }) };
}

function subjectOf({ id, bundle, spec }: CreateInput) {
  return { id, bundle, annotations: spec.annotations };
}

function hasMountNamespace(spec: CreateInput["spec"]): boolean {
  return spec.linux?.namespaces?.some(({ type }) => type === "mount") ?? false;
}
