import type { ExecuteResult } from "../../helper/index.ts";
import type { HostFacts } from "../../host/index.ts";
import type { Plan } from "../../plan/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import { lifecycleError } from "../errors.ts";
import { type CreateOptions, checkFree, createInput, isTaken, removeRemains } from "../lifecycle/create.ts";
import { checkId } from "../lifecycle/existing.ts";
import { checkGroups } from "../lifecycle/groups.ts";
import type { RuntimeContext } from "../lifecycle/runtime.ts";
import { startScope } from "../lifecycle/scope.ts";
import { createBindings } from "../planner/create.ts";
import type { CreateInput } from "../planner/input.ts";
import type { StandingRoot } from "../planner/root-mount.ts";
import { storedGroups } from "../planner/state.ts";
import { refuseUnprivileged } from "./checkpoint.ts";
import { configFileOf } from "./config-file.ts";
import { checkDirectories } from "./directories.ts";
import { explainCriu } from "./explain-criu.ts";
import { mountsOfRestore } from "./external-mounts.ts";
import { criuEnvironment, findCriu } from "./find-criu.ts";
import { planMountPoints } from "./mount-points.ts";
import { criuLogs, type RestoreSettings } from "./options.ts";
import { maskSource, planRestore, viewPlaces } from "./plan-restore.ts";
import { inheritedStreams } from "./streams.ts";

/** What `restore` is told besides the configuration. What a view held in memory is in no dump. */
export type RestoreOptions = Omit<CreateOptions, "root"> & {
  readonly settings: RestoreSettings;
  readonly root?: StandingRoot;
};

/**
 * Makes a container from a bundle and the files of a dump; its processes go on where they were. What a failed attempt
 * left is removed.
 *
 * @throws CONTAINER_CRIU, CONTAINER_CHECKPOINT, CONTAINER_EXISTS, SYSTEMD_*, RUNTIME_* as `createContainer` does
 */
export async function restoreContainer(
  context: RuntimeContext,
  spec: Spec,
  { settings, ...options }: RestoreOptions,
): Promise<ExecuteResult> {
  const { id } = options;
  checkId(id);
  refuseUnprivileged(context, "restore");
  const root = options.root ?? { kind: "directory" };
  const create = { ...createInput(context, spec, options), root, facts: context.facts };
  const { mountPoints, restore } = await prepareRestore(create, settings);
  checkFree(context, id);
  await checkGroups(storedGroups(create.cgroups));
  await context.helper.execute(mountPoints);
  await using _scope = create.unit === undefined ? undefined : await startScope(context, create);
  try {
    return await context.helper.execute(restore, {
      bindings: createBindings(id),
      stdio: ["inherit", "inherit", "inherit"],
    });
  } catch (error) {
    if (isTaken(error))
      throw lifecycleError("EXISTS", `container with id ${id} exists already`, { cause: error });
    const explained = await explainRestore(error, settings);
    await removeRemains(context, id);
    throw explained;
  }
}

/** What makes a container from files of a dump. */
export type PreparedRestore = {
  /** Makes the mount points in the container's root, before anything else. */
  readonly mountPoints: Plan;
  /** The container's whole creation. */
  readonly restore: Plan;
};

/**
 * The plans by which a container is made from the files of a dump. Nothing is made yet but the directory of criu's log.
 *
 * @throws CONTAINER_CRIU, CONTAINER_CHECKPOINT, CONTAINER_UNSUPPORTED
 */
export async function prepareRestore(
  create: CreateInput & { readonly root: StandingRoot; readonly facts: Pick<HostFacts, "mounts"> },
  settings: RestoreSettings,
): Promise<PreparedRestore> {
  const { spec, facts, cgroups, stateDir } = create;
  const program = await findCriu(settings.criu);
  await checkDirectories(settings);
  refuseRestore(create);
  const mounts = mountsOfRestore(
    { spec, bundle: create.bundle },
    { mounts: facts.mounts, cgroups, mask: maskSource(stateDir), views: viewPlaces(create) },
  );
  const restore = planRestore({
    create,
    settings,
    program,
    env: criuEnvironment(settings.criu),
    mounts,
    streams: await inheritedStreams(settings.images),
    configFile: await configFileOf(spec),
  });
  return { mountPoints: planMountPoints(create), restore };
}

/** A failure of a restore in criu's own words; any other error as it is. */
export function explainRestore(error: unknown, settings: RestoreSettings): Promise<unknown> {
  return explainCriu(error, settings, criuLogs.restore);
}

/** What criu cannot put a container into, or what would be done by nobody. */
function refuseRestore({ spec: { linux }, mountSources }: CreateInput): void {
  const index =
    linux?.namespaces?.findIndex(({ type, path }) => type === "cgroup" && path !== undefined) ?? -1;
  if (index >= 0) {
    throw lifecycleError(
      "UNSUPPORTED",
      `cannot restore into a cgroup namespace by path (config.json#/linux/namespaces/${index}): criu enters none`,
      { hint: "leave its path out" },
    );
  }
  for (const [destination, { subpath }] of mountSources ?? []) {
    if (subpath === undefined) continue;
    throw lifecycleError(
      "UNSUPPORTED",
      `cannot restore a container with a part of a volume or image mounted on ${destination}: criu follows links in it`,
      { hint: "mount the whole volume, without a subpath" },
    );
  }
}
