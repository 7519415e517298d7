import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { TugError } from "../../base/index.ts";
import type { ExecuteOptions, Helper } from "../../helper/index.ts";
import { type MountEntry, parseMountinfo } from "../../host/index.ts";
import { lifecycleError } from "../errors.ts";
import { loadExisting } from "../lifecycle/existing.ts";
import { removeContainer } from "../lifecycle/operate.ts";
import type { RuntimeContext } from "../lifecycle/runtime.ts";
import { isAlive, statusOf } from "../lifecycle/status.ts";
import type { Existing } from "../planner/lifecycle.ts";
import { configFileOf } from "./config-file.ts";
import { makeDirectories } from "./directories.ts";
import { explainCriu } from "./explain-criu.ts";
import { mountsOfDump } from "./external-mounts.ts";
import { checkFeature, criuEnvironment, findCriu } from "./find-criu.ts";
import { makeGroupYard } from "./group-yard.ts";
import { type CheckpointSettings, criuLogs } from "./options.ts";
import { planDump } from "./plan-dump.ts";
import { externalKey } from "./plan-restore.ts";
import { keepStreams, streamsOf } from "./streams.ts";

/**
 * Dumps a running container into files. Afterwards it is gone, unless it was only to be looked at (`preDump`) or goes on
 * (`leaveRunning`).
 *
 * @throws CONTAINER_CRIU, CONTAINER_CHECKPOINT, CONTAINER_NOT_RUNNING; RUNTIME_CRIU with criu's own words
 */
export async function checkpointContainer(
  context: RuntimeContext,
  id: string,
  settings: CheckpointSettings,
): Promise<void> {
  const existing = await loadExisting(context.root, id);
  const status = statusOf(existing, context.facts.bootId);
  // As runc says it.
  if (status !== "running")
    throw lifecycleError("NOT_RUNNING", `container cannot be checkpointed in ${status} state`);
  refuseUnprivileged(context, "checkpoint");
  await dumpContainer(context.helper, existing, settings, {
    ...statusDescriptor(settings),
    // What criu says before it has a log.
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (settings.leaveRunning || settings.preDump) return;
  await removeContainer(context, existing, isAlive(existing, context.facts.bootId));
}

/**
 * Has criu write the processes of a container into files; frozen ones are frozen afterwards, too. Whoever calls it knows
 * that they are there, and removes what is left of a container that does not go on.
 *
 * @param options what criu finds of the caller
 * @throws CONTAINER_CRIU, CONTAINER_CHECKPOINT with criu's own words
 */
export async function dumpContainer(
  helper: Helper,
  existing: Existing,
  settings: CheckpointSettings,
  options: Pick<ExecuteOptions, "stdio" | "descriptors"> = {},
): Promise<void> {
  const program = await findCriu(settings.criu);
  if (settings.preDump) await checkFeature(program, "--pre-dump");
  if (settings.lazyPages) await checkFeature(program, "--lazy-pages");
  await checkParent(settings);
  await makeDirectories(settings);
  const { spec, state } = existing;
  if (spec === undefined)
    throw lifecycleError("STATE", `cannot checkpoint ${state.id}: its config.json is gone`);
  const streams = await streamsOf(state.pid);
  const mounts = await mountsOf(state.pid);
  await using yard = await makeGroupYard(existing.stateDir, await mountsOf("self"));
  const plan = planDump({
    existing,
    settings,
    program,
    env: criuEnvironment(settings.criu),
    mounts: mountsOfDump({ spec, bundle: state.bundle, outside: settings.outside?.mounts }, mounts),
    external: [...streams.external, ...(await namespacesOutside(existing, settings))],
    freezer: freezerOf(existing),
    yard: yard?.path,
    configFile: await configFileOf(spec),
  });
  if (!settings.preDump) await keepStreams(settings.images, streams);
  try {
    await helper.execute(plan, options);
  } catch (error) {
    throw await explainCriu(error, settings, criuLogs.dump);
  }
}

async function mountsOf(pid: number | "self"): Promise<MountEntry[]> {
  return parseMountinfo(await readFile(`/proc/${pid}/mountinfo`, "utf8"));
}

/** @throws CONTAINER_UNPRIVILEGED */
export function refuseUnprivileged({ unprivileged, facts }: RuntimeContext, command: string): void {
  if (unprivileged === undefined && !facts.userNamespace) return;
  throw lifecycleError("UNPRIVILEGED", `cannot ${command} without root: criu restores as root only`, {
    hint: "call as root of the machine",
  });
}

async function checkParent({ images, parent }: CheckpointSettings): Promise<void> {
  if (parent === undefined) return;
  const path = resolve(images, parent);
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return;
  throw lifecycleError("CHECKPOINT", `cannot use --parent-path ${parent}: ${path} is not a directory`, {
    hint: "give the directory of a pre-dump, relative to --image-path",
  });
}

/** Namespaces that are not dumped: those that the container was given by path, and its network where another one is made. */
async function namespacesOutside(
  { spec, state }: Existing,
  { outside }: CheckpointSettings,
): Promise<string[]> {
  const keys: string[] = [];
  for (const { type, path } of spec?.linux?.namespaces ?? []) {
    if (type !== "network" && type !== "pid") continue;
    const own = type === "network" && outside?.network === true ? `/proc/${state.pid}/ns/net` : undefined;
    const file = path ?? own;
    if (file === undefined) continue;
    const { ino } = await stat(file, { bigint: true }).catch((cause: unknown) => {
      throw lifecycleError("CHECKPOINT", `cannot checkpoint: ${type} namespace ${file} is not there`, {
        cause: cause as TugError,
      });
    });
    keys.push(`${type === "network" ? "net" : "pid"}[${ino}]:${externalKey(type)}`);
  }
  return keys;
}

function freezerOf({ state }: Existing): string | undefined {
  const legacy = state.groups.find(
    ({ version, controllers }) => version === 1 && controllers.includes("freezer"),
  );
  return (legacy ?? state.groups.find(({ version }) => version === 2))?.path;
}

/** The helper finds it at the number that the caller gave. */
function statusDescriptor({ statusFd }: CheckpointSettings) {
  if (statusFd === undefined) return {};
  return { descriptors: Array.from({ length: statusFd - 2 }, (_, index) => 3 + index) };
}
