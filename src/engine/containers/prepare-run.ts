import { MONITOR_CONSOLE, type MonitorRequest } from "../../helper/index.ts";
import type { HostFacts } from "../../host/index.ts";
import type { Plan } from "../../plan/index.ts";
import {
  type CgroupLayout,
  cgroupLayout,
  planCreate,
  planHandlerCreate,
  prepareRestore,
  type RestoreSettings,
  type RootSource,
  type RuntimeHandler,
} from "../../runtime/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import { logSettings } from "../logs/log-settings.ts";
import type { LogSubject } from "../logs/log-subject.ts";
import { hostNameOf, networkOwner } from "../networks/owner.ts";
import { handlerOf } from "../runtimes/work.ts";
import { buildSpec } from "../spec/build-spec.ts";
import { cdiChanges, replacing } from "../spec/cdi-changes.ts";
import { checkSpec } from "../spec/check-spec.ts";
import { allHostDevices, requestedDevices } from "../spec/host-devices.ts";
import { mountSources } from "../spec/mounts.ts";
import { createOrigins, type Origins, withOrigin } from "../spec/origins.ts";
import { runsSystemd } from "../spec/systemd.ts";
import { type MountSources, resolveMounts } from "./mounts.ts";
import { networkFileMounts, networkFilePaths } from "./network-files.ts";
import { parentOf } from "./parent.ts";
import type { ContainerRecord } from "./record.ts";
import { hasRestartPolicy } from "./restart-policy.ts";
import type { ContainerStore } from "./store.ts";
import { checkSystemdUser } from "./systemd.ts";
import { resolveUser, type UserFiles } from "./user.ts";

/** Everything that a start needs, worked out and not yet done. */
export type PreparedRun = {
  readonly spec: Spec;
  readonly plan: Plan;
  /** What is executed before the monitor gets the plan. */
  readonly before?: Plan | undefined;
  readonly origins: Origins;
  readonly monitor: MonitorRequest;
};

/** What of an engine a run is worked out from. */
export type RunContext = Pick<EngineContext, "layout" | "cdiDirectories"> & {
  readonly store: Pick<ContainerStore, "find">;
};

export type RunInput = {
  readonly record: ContainerRecord;
  /** Another runtime than the engine's own. */
  readonly handler: RuntimeHandler | undefined;
  readonly facts: HostFacts;
  readonly root: RootSource;
  readonly userFiles: UserFiles;
  readonly sources: MountSources;
  /** The checkpoint that its processes come from; undefined: they begin. */
  readonly restore?: RestoreSettings | undefined;
};

/** The name of the file that a container's output goes to, in its own directory. */
export const LOG_FILE = "log.json";

/**
 * Turns a container on record into its spec, its plan, and what its monitor is told. Makes nothing but what `sources` make.
 *
 * @throws OCI_CONFIG, RUNTIME_*, ENGINE_* with the place that the user wrote
 */
export async function prepareRun(context: RunContext, input: RunInput): Promise<PreparedRun> {
  const origins = createOrigins();
  try {
    return await prepare(context, input, origins);
  } catch (error) {
    throw withOrigin(error, origins);
  }
}

async function prepare(context: RunContext, input: RunInput, origins: Origins): Promise<PreparedRun> {
  const { record, handler, facts, root } = input;
  const { id, request } = record;
  const run = context.layout.containerRun(id);
  const asked = await resolveMounts(request.mounts, input.sources);
  const image = record.image.defaults;
  const user = resolveUser(request.user || image.User || "", request.groupAdd, input.userFiles);
  checkSystemdUser(request, user);
  const cdi = await cdiChanges({
    names: request.resources.cdiDevices,
    directories: context.cdiDirectories,
    user,
  });
  const owner = networkOwner(context.store, record);
  const networkFiles = networkFilePaths(context.layout.containerRun(owner.id));
  const mounts = [...asked, ...networkFileMounts(networkFiles, new Set(asked.map(({ target }) => target)))];
  const all = replacing(mounts, cdi.mounts, ({ target }) => target);
  const wanted = buildSpec({
    id,
    request,
    image,
    user: { ...user, groups: [...new Set([...user.groups, ...cdi.groups])] },
    facts,
    rootfs: handler === undefined ? "rootfs" : `${run}/rootfs`,
    hostname: hostNameOf(context.store, record),
    mounts: all,
    devices: replacing(await devicesOf(request), cdi.devices, ({ path }) => path),
    cdi,
    secretEnv: (request.secretEnv ?? []).map(input.sources.secretVariable),
    namespaceOf: (kind, reference) => namespacePath(context, kind, reference),
    networkNamespace: `${context.layout.networkNamespaces}/${id}`,
    hasNetworkNamespace: input.restore !== undefined,
    origins,
  });
  const spec = checkSpec(wanted);
  const cgroups = cgroupLayout({
    mounts: facts.cgroupMounts,
    groups: facts.groups,
    cgroupsPath: spec.linux?.cgroupsPath,
    id,
  });
  const made = {
    id,
    spec,
    bundle: run,
    stateDir: `${run}/state`,
    owner: 0,
    facts,
    cgroups,
    attendance: "detach",
    console: { kind: "descriptor", fd: MONITOR_CONSOLE },
  } as const;
  const own = {
    ...made,
    mountSources: mountSources(all),
    insideContainer: parentOf(record) !== undefined,
    init: request.init ?? false,
    delegates: runsSystemd(request),
  };
  const monitor = monitorRequest(context, input, { spec, cgroups });
  if (input.restore !== undefined) {
    if (root.kind === "scratch") throw rootIsHosts(record);
    const { mountPoints, restore } = await prepareRestore({ ...own, root }, input.restore);
    return { spec, plan: restore, before: mountPoints, origins, monitor };
  }
  const source = request.autoRemove ? runsOnce(root) : root;
  const plan =
    handler === undefined || source.kind === "scratch"
      ? planCreate({ ...own, root: source })
      : planHandlerCreate({ ...made, root: source, handler });
  return { spec, plan, origins, monitor };
}

/**
 * The root of a container that is removed when it ends: its files need not be written to the disk then. An overlay of
 * this kind cannot be mounted again. Source: https://docs.kernel.org/filesystems/overlayfs.html#volatile-mount
 */
function runsOnce(root: RootSource): RootSource {
  return root.kind === "overlay" ? { ...root, options: ["volatile"] } : root;
}

function rootIsHosts({ name }: ContainerRecord): Error {
  return engineError(
    "CHECKPOINT",
    `cannot start container ${name} from a checkpoint: it shows the host's files`,
    {
      hint: "what it had written went with it",
    },
  );
}

/** What decides how a container's output is kept. */
export function logSubject({ id, name, image, request }: ContainerRecord): LogSubject {
  const { labels, logging } = request;
  const env = [...(image.defaults.Env ?? []), ...request.env];
  return { id, name, image: { name: request.image, id: image.id }, labels, env, logging };
}

async function devicesOf(request: ContainerRecord["request"]) {
  const { security, resources } = request;
  if (security.privileged) {
    const devices = await allHostDevices();
    return runsSystemd(request) ? devices.filter(({ path }) => !isVirtualConsole(path)) : devices;
  }
  return (await Promise.all(resources.devices.map(requestedDevices))).flat();
}

/** systemd would run its login prompts on the machine's own screens. */
function isVirtualConsole(path: string): boolean {
  return /^\/dev\/tty\d+$/.test(path);
}

function namespacePath(
  { store, layout }: RunContext,
  kind: "pid" | "ipc" | "net",
  reference: string,
): string {
  const record = store.find(reference);
  const { name, state } = record;
  if (kind !== "net" && handlerOf({ layout }, record)?.sandbox === true) {
    throw engineError(
      "HANDLER",
      `cannot join the ${kind} namespace of container ${name}: it is in a sandbox`,
      {
        hint: "run that container with --runtime tug",
      },
    );
  }
  if (state.status === "running" || state.status === "paused") return `/proc/${state.pid}/ns/${kind}`;
  throw engineError(
    "CONTAINER_NOT_RUNNING",
    `cannot join the ${kind} namespace of container ${name}: it is not running`,
    {
      hint: `start it first: tug start ${name}`,
    },
  );
}

function monitorRequest(
  { layout }: RunContext,
  { record, handler }: RunInput,
  { spec, cgroups }: { spec: Spec; cgroups: CgroupLayout },
): MonitorRequest {
  const { stdio } = record.request;
  const log = logSettings(logSubject(record), `${layout.container(record.id)}/${LOG_FILE}`);
  const oom = oomFiles(cgroups);
  return {
    id: record.id,
    directory: layout.containerRun(record.id),
    terminal: stdio.tty,
    ...(stdio.consoleSize && { rows: stdio.consoleSize.height, columns: stdio.consoleSize.width }),
    openStdin: stdio.openStdin,
    stdinOnce: stdio.stdinOnce,
    holds: handler !== undefined,
    owner: spec.process.user.uid,
    ...(log && { log }),
    ...(oom && { oom }),
    revive: { startFile: layout.startFile, wanted: hasRestartPolicy(record.request) },
  };
}

/** Where the kernel counts processes of the container that it killed for lack of memory. */
function oomFiles({ version, hierarchies }: CgroupLayout): MonitorRequest["oom"] {
  const memory = hierarchies.find((hierarchy) =>
    version === "v2" ? hierarchy.version === 2 : hierarchy.controllers.includes("memory"),
  );
  if (memory === undefined) return undefined;
  const directory = `${memory.mount}${memory.path}`;
  return memory.version === 2
    ? { file: `${directory}/memory.events` }
    : { file: `${directory}/memory.oom_control`, eventControl: `${directory}/cgroup.event_control` };
}
