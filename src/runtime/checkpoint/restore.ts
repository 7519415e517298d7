import type { ExecuteResult } from "../../helper/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import { lifecycleError } from "../errors.ts";
import { type CreateOptions, checkFree, createInput, isTaken, removeRemains } from "../lifecycle/create.ts";
import { checkId } from "../lifecycle/existing.ts";
import { checkGroups } from "../lifecycle/groups.ts";
import type { RuntimeContext } from "../lifecycle/runtime.ts";
import { createBindings } from "../planner/create.ts";
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
import { maskSource, planRestore } from "./plan-restore.ts";
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
 * @throws CONTAINER_CRIU, CONTAINER_CHECKPOINT, CONTAINER_EXISTS, RUNTIME_* as `createContainer` does
 */
export async function restoreContainer(
  context: RuntimeContext,
  spec: Spec,
  { settings, ...options }: RestoreOptions,
): Promise<ExecuteResult> {
  const { id } = options;
  checkId(id);
  refuseUnprivileged(context, "restore");
  const program = await findCriu(settings.criu);
  await checkDirectories(settings);
  const root = options.root ?? { kind: "directory" };
  const create = { ...createInput(context, spec, options), root };
  refuseRestore(spec, create.unit);
  checkFree(context, id);
  await checkGroups(storedGroups(create.cgroups));
  const { mounts } = context.facts;
  const plan = planRestore({
    create,
    settings,
    program,
    env: criuEnvironment(settings.criu),
    mounts: mountsOfRestore(
      { spec, bundle: options.bundle },
      {
        mounts,
        cgroups: create.cgroups,
        mask: maskSource(create.stateDir),
      },
    ),
    streams: await inheritedStreams(settings.images),
    configFile: await configFileOf(spec),
  });
  await context.helper.execute(planMountPoints(create));
  try {
    return await context.helper.execute(plan, {
      bindings: createBindings(id),
      stdio: ["inherit", "inherit", "inherit"],
    });
  } catch (error) {
    if (isTaken(error))
      throw lifecycleError("EXISTS", `container with id ${id} exists already`, { cause: error });
    const explained = await explainCriu(error, settings, criuLogs.restore);
    await removeRemains(context, id);
    throw explained;
  }
}

/** What criu cannot put a container into, or what would be done by nobody. */
function refuseRestore({ linux }: Spec, unit: string | undefined): void {
  const index =
    linux?.namespaces?.findIndex(({ type, path }) => type === "cgroup" && path !== undefined) ?? -1;
  if (index >= 0) {
    throw lifecycleError(
      "UNSUPPORTED",
      `cannot restore into a cgroup namespace by path (config.json#/linux/namespaces/${index}): criu enters none`,
      { hint: "leave its path out" },
    );
  }
  if (unit !== undefined) {
    throw lifecycleError("UNSUPPORTED", "cannot restore with control groups made through systemd", {
      hint: "run without --systemd-cgroup",
    });
  }
}
