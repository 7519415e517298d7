import { MONITOR_CONSOLE, type MonitorRequest } from "../../helper/index.ts";
import type { HostFacts } from "../../host/index.ts";
import { type OutgoingPlan, outgoingPlan, type Plan } from "../../plan/index.ts";
import {
  type CgroupLayout,
  cgroupLayout,
  createBindings,
  type KnownPlans,
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
import { buildSpec, containerGroup } from "../spec/build-spec.ts";
import { checkSpec } from "../spec/check-spec.ts";
import { mountSources } from "../spec/mounts.ts";
import { createOrigins, type Origins, withOrigin } from "../spec/origins.ts";
import { runsSystemd } from "../spec/systemd.ts";
import type { MountSources } from "./mounts.ts";
import type { ContainerRecord } from "./record.ts";
import { hasRestartPolicy } from "./restart-policy.ts";
import { findRunParts, keyOf, type RunParts } from "./run-parts.ts";
import type { ContainerStore } from "./store.ts";
import type { UserFiles } from "./user.ts";

/** Everything that a start needs, worked out and not yet done. */
export type PreparedRun = {
  readonly plan: OutgoingPlan;
  /** What is executed before the monitor gets the plan. */
  readonly before?: Plan | undefined;
  /** Where the spec came from, whose places ops name: filled when the plan's ops have been made. */
  readonly origins: Origins;
  readonly monitor: MonitorRequest;
};

/** What of an engine a run is worked out from. */
export type RunContext = Pick<EngineContext, "layout" | "cdiDirectories"> & {
  readonly store: Pick<ContainerStore, "find">;
  /** Left out: every plan is made anew. */
  readonly knownPlans?: KnownPlans;
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
 * Turns a container on record into its plan, and what its monitor is told. Makes nothing but what `sources` make.
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
  const { record, handler, restore } = input;
  const parts = await findRunParts(context, input);
  const place = placeOf(context, parts);
  const monitor = monitorRequest(context, input, { owner: parts.user.uid, cgroups: place.cgroups });
  if (restore !== undefined) {
    const { root } = parts;
    if (root.kind === "scratch") throw rootIsHosts(record);
    const own = ownInput(specOf(parts, origins), parts, place);
    const { facts } = input;
    const plans = await prepareRestore({ ...own, root, facts }, restore);
    const plan = outgoingPlan(plans.restore, createBindings(record.id));
    return { plan, before: plans.mountPoints, origins, monitor };
  }
  const make = (): Plan => planOf(specOf(parts, origins), parts, { place, handler });
  const plan =
    context.knownPlans === undefined || handler !== undefined
      ? outgoingPlan(make(), createBindings(record.id))
      : context.knownPlans.outgoing(keyOf(parts), record, make);
  return { plan, origins, monitor };
}

/** Where a container's files and groups are. */
type RunPlace = { readonly run: string; readonly cgroups: CgroupLayout };

function placeOf({ layout }: RunContext, { id, facts, request }: RunParts): RunPlace {
  const cgroups = cgroupLayout({
    mounts: facts.cgroupMounts,
    groups: facts.groups,
    cgroupsPath: containerGroup(id, request.resources),
    id,
  });
  return { run: layout.containerRun(id), cgroups };
}

function specOf(parts: RunParts, origins: Origins): Spec {
  return checkSpec(buildSpec({ ...parts, origins }));
}

/** The plan of a container, of nothing but what it is given. @throws RUNTIME_*, OCI_CONFIG */
function planOf(
  spec: Spec,
  parts: RunParts,
  { place, handler }: { place: RunPlace; handler: RuntimeHandler | undefined },
): Plan {
  const { root } = parts;
  if (handler === undefined || root.kind === "scratch")
    return planCreate({ ...ownInput(spec, parts, place), root });
  return planHandlerCreate({ ...anyInput(spec, parts, place), root, handler });
}

function anyInput(spec: Spec, { id, facts }: RunParts, { run, cgroups }: RunPlace) {
  return {
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
}

function ownInput(spec: Spec, parts: RunParts, place: RunPlace) {
  return {
    ...anyInput(spec, parts, place),
    mountSources: mountSources(parts.mounts),
    insideContainer: parts.insideContainer,
    init: parts.init,
    delegates: runsSystemd(parts.request),
  };
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

function monitorRequest(
  { layout }: RunContext,
  { record, handler }: RunInput,
  { owner, cgroups }: { owner: number; cgroups: CgroupLayout },
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
    owner,
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
