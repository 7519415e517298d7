import {
  callFlags,
  directoryFlags,
  mountAttributes,
  type Op,
  type Plan,
  propagationFlags,
  type Slot,
} from "../../plan/index.ts";
import { type PlanBuilder, planBuilder } from "../planner/builder.ts";
import { planCgroups } from "../planner/cgroups.ts";
import { planConsoleSocket } from "../planner/console.ts";
import { hookOps } from "../planner/hooks.ts";
import type { CreateInput } from "../planner/input.ts";
import { namespaceFlags } from "../planner/namespaces.ts";
import { sysctlPath } from "../planner/protect.ts";
import { mountRoot, rootPath, type StandingRoot } from "../planner/root-mount.ts";
import { journalOps, stateWithPid } from "../planner/state.ts";
import { type ExternalMount, encodeRequest } from "./criu-request.ts";
import { onlyUnified, UNIFIED } from "./group-yard.ts";
import { criuLogs, type RestoreSettings } from "./options.ts";
import { commonOptions, FIRST_PASSED, networkLock, passedDirectories } from "./plan-dump.ts";

/** Directory below the state directory of what only criu sees: the root file system, and what masks are made of. */
const CRIU_VIEW = "criu";

/** What decides the plan for a container that is restored. */
export type RestoreInput = {
  readonly create: CreateInput & { readonly root: StandingRoot };
  readonly settings: RestoreSettings;
  readonly program: string;
  readonly env: readonly string[];
  readonly mounts: readonly ExternalMount[];
  readonly streams: readonly { readonly key: string; readonly fd: number }[];
  readonly configFile?: string | undefined;
};

/**
 * The life of `restore`: the journal, the groups with their limits, then criu, which makes the processes in those groups.
 * It sees the root file system in a mount namespace of its own, so that nothing is left of that on the host.
 */
export function planRestore(input: RestoreInput): Plan {
  const builder = planBuilder();
  const { create, settings } = input;
  const { host, slot } = builder;
  host.push(...journalOps(create));
  const groups = planCgroups(builder, create);
  const view = `${create.stateDir}/${CRIU_VIEW}`;
  const place = `${view}/root`;
  const rootfs = planRootfs(builder, create, place);
  const mask = planMask(builder, maskSource(create.stateDir));
  const views = planViews(builder, create);
  const yard = planYard(builder, create);
  const { socket, terminal } = planTerminal(builder, create);
  const descriptors: Slot[] = [];
  const { directories, numbers } = passedDirectories(settings);
  const namespaces = planJoined(builder, create, { descriptors, first: FIRST_PASSED + directories.length });
  const request = encodeRequest("RESTORE", {
    ...commonOptions(settings, criuLogs.restore),
    ...numbers,
    root: place,
    notifyScripts: true,
    evasiveDevices: true,
    rstSibling: true,
    extMnt: input.mounts,
    cgRoot: criuGroups(create),
    inheritFd: [...input.streams, ...namespaces.inherit],
    joinNs: namespaces.join,
    cgroupYard: yard?.path,
    lsmProfile: settings.lsmProfile,
    lsmMountContext: settings.lsmMountContext,
    configFile: input.configFile,
    networkLock: networkLock(settings),
  });
  const [channel, process] = [slot(), slot()];
  const from = "restore";
  host.push({
    op: "callCriu",
    from,
    path: input.program,
    args: ["criu", "swrk", "3"],
    env: input.env,
    request,
    directories,
    descriptors,
    groups: [...groups.join, ...(groups.birth === undefined ? [] : [groups.birth])],
    mounts: [rootfs, mask, ...views, ...(yard ? [yard.mount] : [])],
    places: [
      place,
      maskSource(create.stateDir),
      ...viewPlaces(create).values(),
      ...(yard ? [yard.place] : []),
    ],
    flags: callFlags.STREAMS,
    channel,
    process,
  });
  const wait = { op: "awaitCriu", from, channel, process, console: socket } as const;
  host.push({ ...wait, until: "setup-namespaces" }, ...hooksOf(create));
  host.push({ ...wait, until: "post-restore", go: 1 }, stateWithPid(create), { ...wait, go: 1 });
  planAttendance(builder, create, terminal);
  return builder.finish();
}

/** The root file system as a detached mount, and the place where criu gets it. */
function planRootfs({ host, slot }: PlanBuilder, create: RestoreInput["create"], place: string): Slot {
  const from = "/root/path";
  const out = slot();
  host.push({ op: "directory", from, path: place, mode: 0o700, flags: directoryFlags.PARENTS });
  host.push(...mountRoot(create.root, { from, path: rootPath(create), out }));
  return out;
}

/** The path at which criu finds what files are masked with. */
export function maskSource(stateDir: string): string {
  return `${stateDir}/${CRIU_VIEW}/null`;
}

/**
 * The null device, read-only: of several masks criu makes all but the first without the options they had, and a container
 * must not change the mode of the host's device.
 */
function planMask({ host, slot }: PlanBuilder, place: string): Slot {
  const out = slot();
  const from = "/linux/maskedPaths";
  const set = BigInt(mountAttributes.RDONLY);
  host.push(
    { op: "writeFile", from, path: place, content: "", mode: 0o600 },
    { op: "cloneMount", from, path: "/dev/null", out },
    { op: "changeMount", from, mount: out, set, propagation: propagationFlags.PRIVATE },
  );
  return out;
}

/** Where criu finds what is put together for the container, by the destination of the mount. */
export function viewPlaces({ mountSources, stateDir }: CreateInput): Map<string, string> {
  const destinations = [...(mountSources?.keys() ?? [])];
  return new Map(
    destinations.map((destination, index) => [destination, `${stateDir}/${CRIU_VIEW}/view${index}`]),
  );
}

/** Directories of the host shown as one. criu binds them with the options that the mount had. */
function planViews({ host, slot }: PlanBuilder, create: CreateInput): Slot[] {
  const places = viewPlaces(create);
  return [...(create.mountSources ?? [])].map(([destination, { layers }]) => {
    const [top = "/", ...below] = layers;
    const from = "/mounts";
    const out = slot();
    const path = places.get(destination) ?? "";
    host.push({ op: "directory", from, path, mode: 0o700, flags: directoryFlags.PARENTS });
    if (below.length > 0) host.push({ op: "overlay", from, lowers: [top, ...below], options: [], out });
    else host.push({ op: "cloneMount", from, path: top, flags: 1, out });
    host.push({ op: "changeMount", from, mount: out, propagation: propagationFlags.PRIVATE, recursive: 1 });
    return out;
  });
}

/** A directory of hierarchies with the machine's own v2 mount in it, where that is the only one. */
function planYard(
  { host, slot }: PlanBuilder,
  { facts, stateDir }: CreateInput,
): { path: string; place: string; mount: Slot } | undefined {
  const unified = onlyUnified(facts.cgroupMounts);
  if (unified === undefined) return undefined;
  const path = `${stateDir}/${CRIU_VIEW}/groups`;
  const place = `${path}/${UNIFIED}`;
  const from = "/linux/cgroupsPath";
  const mount = slot();
  host.push(
    { op: "directory", from, path: place, mode: 0o700, flags: directoryFlags.PARENTS },
    { op: "cloneMount", from, path: unified, out: mount },
    { op: "changeMount", from, mount, propagation: propagationFlags.PRIVATE },
  );
  return { path, place, mount };
}

function planTerminal(
  builder: PlanBuilder,
  { spec, console }: CreateInput,
): { socket?: Slot; terminal?: Slot | undefined } {
  return spec.process.terminal === true && console !== undefined ? planConsoleSocket(builder, console) : {};
}

type Joined = {
  readonly inherit: { key: string; fd: number }[];
  readonly join: { ns: string; nsFile: string }[];
};

/** Words of criu for the namespaces that it can enter by a path. */
const shortNames = { ipc: "ipc", uts: "uts", mount: "mnt", user: "user", time: "time" } as const;

/**
 * Namespaces by path. Those of the network and of processes were left out of the dump under keys that runc has chosen,
 * and are passed; criu enters the others itself.
 */
function planJoined(
  { host, slot }: PlanBuilder,
  { spec }: CreateInput,
  { descriptors, first }: { descriptors: Slot[]; first: number },
): Joined {
  const inherit: Joined["inherit"] = [];
  const join: Joined["join"] = [];
  for (const [index, { type, path }] of (spec.linux?.namespaces ?? []).entries()) {
    if (path === undefined) continue;
    const from = `/linux/namespaces/${index}`;
    if (type === "network" || type === "pid") {
      const out = slot();
      host.push({ op: "openNamespace", from, path, kind: namespaceFlags[type], out });
      if (type === "network") host.push(...networkSettings(spec, out));
      inherit.push({ key: externalKey(type), fd: first + descriptors.push(out) - 1 });
    } else if (type !== "cgroup") join.push({ ns: shortNames[type], nsFile: path });
  }
  return { inherit, join };
}

/** Kernel parameters of a network, which are not dumped with a namespace that comes from outside. */
function networkSettings({ linux }: CreateInput["spec"], namespace: Slot): Op[] {
  return Object.entries(linux?.sysctl ?? {}).flatMap(([key, value]): Op[] => {
    const path = sysctlPath(key);
    if (!path.startsWith("net/")) return [];
    return [
      { op: "networkSetting", from: "/linux/sysctl", namespace, key: path.slice("net/".length), value },
    ];
  });
}

/** The name of a namespace that is not dumped. */
export function externalKey(type: "network" | "pid"): string {
  return type === "network" ? "extRootNetNS" : "extRootPidNS";
}

/** Where the container's groups begin, by controller; `name=` ones and version 2, which has no name, too. */
function criuGroups({ cgroups }: CreateInput): { ctrl: string; path: string }[] {
  return (cgroups?.hierarchies ?? []).flatMap(({ controllers, version, path }) =>
    (version === 2 ? [""] : controllers).map((ctrl) => ({ ctrl, path })),
  );
}

function hooksOf({ id, bundle, spec }: CreateInput) {
  const subject = { id, bundle, annotations: spec.annotations };
  const context = { subject, status: "creating" as const, directory: bundle };
  return [...hookOps("prestart", spec.hooks, context), ...hookOps("createRuntime", spec.hooks, context)];
}

function planAttendance(
  { host }: PlanBuilder,
  { stateDir, attendance, pidFile }: CreateInput,
  terminal: Slot | undefined,
): void {
  host.push({ op: "remove", from: "restore", path: `${stateDir}/${CRIU_VIEW}`, tree: 1 });
  if (pidFile !== undefined)
    host.push({ op: "writeFile", from: "--pid-file", path: pidFile, content: "%p", mode: 0o644 });
  if (attendance === "foreground") host.push({ op: "waitExit", from: "restore", forward: 1, terminal });
}
