import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { reasonOf, TugError } from "../../base/index.ts";
import type { ExecuteResult, StandardDescriptor } from "../../helper/index.ts";
import { type OutgoingPlan, outgoingPlan, type Plan } from "../../plan/index.ts";
import type { ParsedSpec, Spec } from "../../specs/oci-runtime/index.ts";
import { cgroupLayout } from "../cgroups/layout.ts";
import { systemdUnit } from "../cgroups/systemd-unit.ts";
import { lifecycleError } from "../errors.ts";
import { createBindings, planCreate } from "../planner/create.ts";
import { createKey } from "../planner/create-key.ts";
import { capabilitiesOf } from "../planner/identity.ts";
import type { Attendance, ConsoleTarget, CreateInput, RootSource } from "../planner/input.ts";
import { hasOwnNetwork } from "../planner/namespaces.ts";
import { rootPath } from "../planner/root-mount.ts";
import { storedGroups } from "../planner/state.ts";
import { checkMappedUser, checkUnprivileged } from "../planner/unprivileged.ts";
import { resctrlGroup } from "../resctrl/index.ts";
import { checkConsole } from "./console.ts";
import { checkId } from "./existing.ts";
import { explainFailure } from "./explain-failure.ts";
import { checkGroups } from "./groups.ts";
import { latestConfigs } from "./latest-configs.ts";
import { deleteContainer, removeContainer } from "./operate.ts";
import { withReachableGroups } from "./reachable-groups.ts";
import { loadRemains } from "./remains.ts";
import type { RuntimeContext } from "./runtime.ts";
import { startScope, stopScope } from "./scope.ts";
import { withUnitHome } from "./unit-home.ts";

/** What `create` and `run` are told besides the configuration. */
export type CreateOptions = {
  readonly id: string;
  /** Absolute path. */
  readonly bundle: string;
  readonly attendance: Attendance;
  readonly root?: RootSource;
  readonly console?: ConsoleTarget | undefined;
  readonly pidFile?: string | undefined;
  /** Socket of the service manager that waits for the container to be ready: sd_notify(3). */
  readonly notifySocket?: string | undefined;
  /** Unix socket that gets a pidfd of init. */
  readonly pidfdSocket?: string | undefined;
  readonly noPivot?: boolean;
  readonly noNewKeyring?: boolean;
  readonly preserveFds?: number;
  readonly init?: boolean;
  /** Whoever waits for the container's end, as `attendance` says, also removes it. */
  readonly remove?: boolean;
  /** Who makes control groups; default: the plan itself. */
  readonly groups?: GroupDriver;
};

/** `cgroupfs` makes directories, `systemd` a scope, `none` nothing. */
export type GroupDriver = "cgroupfs" | "systemd" | "none";

/** Of bundles that were run last. */
const parse = latestConfigs(4);

/**
 * Reads a configuration, whatever its file is called.
 *
 * @param read reads a file
 * @throws CONTAINER_BUNDLE, OCI_CONFIG
 */
export async function readConfig(
  path: string,
  read: (path: string) => Promise<Buffer> = readFile,
): Promise<ParsedSpec<Spec>> {
  try {
    return parse(await read(path), path, "config.json");
  } catch (error) {
    if (error instanceof TugError) throw error;
    throw lifecycleError("BUNDLE", `cannot read ${path}: ${reasonOf(error)}`, {
      hint: "make one with: tug-oci spec",
      cause: error,
    });
  }
}

/** What of a runtime decides what a plan is. */
type PlanContext = Pick<
  RuntimeContext,
  "root" | "facts" | "owner" | "unprivileged" | "rootless" | "unitHome"
>;

/** The plan for a new container; pure but for what `context` knows of the host. */
export function createPlan(context: PlanContext, spec: Spec, options: CreateOptions): Plan {
  return planCreate(createInput(context, spec, options));
}

/**
 * Makes a container, and as `attendance` says starts it and waits for it. What a failed attempt left is removed.
 *
 * @throws CONTAINER_EXISTS, CONTAINER_BUNDLE, CONTAINER_GROUP, RUNTIME_* with the JSON pointer of what could not be done
 */
export async function createContainer(
  caller: RuntimeContext,
  spec: Spec,
  options: CreateOptions,
  stdio: readonly [StandardDescriptor, StandardDescriptor, StandardDescriptor] = [
    "inherit",
    "inherit",
    "inherit",
  ],
): Promise<ExecuteResult> {
  checkId(options.id);
  const rootfs = checkRootfs(spec, options);
  rootfs.catch(() => undefined);
  const context = options.groups === "systemd" ? await withUnitHome(caller) : caller;
  const whole = createInput(context, spec, options);
  const reachable = context.rootless === true ? await withReachableGroups(whole) : whole;
  using network = hasOwnNetwork(reachable) ? context.networksAhead?.take() : undefined;
  const input = { ...reachable, networkAhead: network?.name };
  const plan = outgoing(context, input);
  await rootfs;
  checkFree(context, options.id);
  await checkGroups(storedGroups(input.cgroups));
  warnOfCapabilities(context, spec);
  warnOfStrays(context, input);
  // From then on whoever executes the plan has it open.
  const onCreated = (): void => network?.[Symbol.dispose]();
  const result = await executeCreate({ context, spec, options, input, plan, stdio, onCreated });
  if (isRemoved(options) && !input.removes) await deleteContainer(context, options.id, true);
  return result;
}

function outgoing({ knownPlans }: RuntimeContext, input: CreateInput): OutgoingPlan {
  return (
    knownPlans?.outgoing(createKey(input), input, () => planCreate(input)) ??
    outgoingPlan(planCreate(input), createBindings(input.id, input.networkAhead))
  );
}

/** Whether the container is to be gone when it has been created, started and waited for. */
function isRemoved({ attendance, remove = false }: CreateOptions): boolean {
  return remove && attendance === "foreground";
}

type Creating = {
  readonly context: RuntimeContext;
  readonly spec: Spec;
  readonly options: CreateOptions;
  readonly input: CreateInput;
  readonly plan: OutgoingPlan;
  readonly stdio: readonly [StandardDescriptor, StandardDescriptor, StandardDescriptor];
  /** Init exists. */
  readonly onCreated: () => void;
};

async function executeCreate(creating: Creating): Promise<ExecuteResult> {
  const { context, spec, options, input, plan, stdio, onCreated } = creating;
  await using _scope = input.unit === undefined ? undefined : await startScope(context, input);
  try {
    const result = await context.helper.execute(plan, {
      stdio,
      onCreated,
      descriptors: Array.from({ length: options.preserveFds ?? 0 }, (_, index) => 3 + index),
      isLast: input.unit === undefined && isRemoved(options) === (input.removes ?? false),
    });
    // Whoever waits for the end removes the container, too.
    if (input.unit !== undefined && options.attendance === "foreground") await stopScope(context, input.unit);
    return result;
  } catch (error) {
    if (isTaken(error))
      throw lifecycleError("EXISTS", `container with id ${options.id} exists already`, { cause: error });
    const caller = context.unprivileged;
    const explained = await explainFailure(error, { spec, caller, resctrl: input.resctrl?.root });
    await removeRemains(context, options.id);
    throw explained;
  }
}

/** Nothing tells the processes of such a container from others once their parents have gone. */
function warnOfStrays({ logger, rootless }: RuntimeContext, { cgroups, spec }: CreateInput): void {
  const alone = spec.linux?.namespaces?.some(({ type, path }) => type === "pid" && path === undefined);
  if (rootless !== true || cgroups !== undefined || alone) return;
  logger.log(
    "warn",
    "without a control group and a pid namespace, delete cannot end every process of the container",
  );
}

/** Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#linux-process capabilities */
function warnOfCapabilities({ facts, logger }: RuntimeContext, spec: Spec): void {
  const { unknown, refused } = capabilitiesOf({ process: spec.process, spec, facts });
  const names = [...unknown, ...refused].join(" ");
  if (names !== "") logger.log("warn", "ignoring unknown or unavailable capabilities", { names });
}

/** Everything that decides the plan for a new container. @throws what its configuration is refused with */
export function createInput(context: PlanContext, spec: Spec, options: CreateOptions): CreateInput {
  const { facts } = context;
  checkMappedUser(spec);
  if (context.unprivileged !== undefined) checkUnprivileged(spec, context.unprivileged);
  const attended = options.attendance === "foreground";
  checkConsole(spec.process, { console: options.console, attended });
  const rdt = spec.linux?.intelRdt;
  const unit =
    options.groups === "systemd"
      ? systemdUnit(spec.linux?.cgroupsPath, options.id, context.unitHome)
      : undefined;
  return {
    ...options,
    spec,
    facts,
    root: options.root ?? { kind: "directory" },
    stateDir: `${context.root}/${options.id}`,
    owner: context.owner,
    unprivileged: context.unprivileged,
    unit: unit?.name,
    // A unit goes by another way, and poststop hooks run one by one when everything is gone.
    removes: isRemoved(options) && unit === undefined && (spec.hooks?.poststop?.length ?? 0) === 0,
    resctrl: rdt === undefined ? undefined : resctrlGroup(facts, rdt, options.id),
    cgroups: wantsGroups(context, spec, options)
      ? cgroupLayout({
          mounts: facts.cgroupMounts,
          groups: facts.groups,
          cgroupsPath: unit?.path ?? spec.linux?.cgroupsPath,
          id: options.id,
        })
      : undefined,
  };
}

/** A rootless container does without where there are no hierarchies at all. */
function wantsGroups({ facts, rootless }: PlanContext, { linux }: Spec, { groups }: CreateOptions): boolean {
  if (groups === "none") return false;
  if (rootless !== true || linux?.cgroupsPath) return true;
  return facts.cgroupMounts.length > 0;
}

async function checkRootfs(spec: Spec, { bundle, root }: CreateOptions): Promise<void> {
  if (root?.kind === "overlay") return;
  const path = rootPath({ spec, bundle });
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return;
  throw lifecycleError(
    "BUNDLE",
    `cannot use the root file system ${path} (config.json#/root/path): it is not a directory`,
  );
}

/** The plan failed where it makes the container's directory: another container has it. */
export function isTaken(error: unknown): boolean {
  return (
    error instanceof TugError && error.details.from === "container id" && error.details.errno === "EEXIST"
  );
}

/** Undoes what the journal says, as far as it was written, and runs the poststop hooks: the container has ended. */
export async function removeRemains(context: RuntimeContext, id: string): Promise<void> {
  try {
    const existing = await loadRemains(context, id);
    if (existing !== undefined) await removeContainer(context, existing, false);
  } catch (error) {
    context.logger.log("warn", "create.remains", { id, error: String(error) });
  }
}

/** Before anything is tried: whoever fails later removes what is there, so it must be its own. */
export function checkFree({ root }: RuntimeContext, id: string): void {
  if (existsSync(`${root}/${id}`)) throw lifecycleError("EXISTS", `container with id ${id} exists already`);
}
