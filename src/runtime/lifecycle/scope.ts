import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Placeholder } from "../../helper/index.ts";
import { connectSystemd, isNameTaken } from "../../systemd/index.ts";
import { type CgroupWrite, resourceWrites } from "../cgroups/index.ts";
import { type SystemdUnit, systemdUnit } from "../cgroups/systemd-unit.ts";
import { annotatedProperties, limitProperties, property } from "../cgroups/unit-properties.ts";
import { lifecycleError } from "../errors.ts";
import type { CreateInput } from "../planner/input.ts";
import { stateFiles } from "../planner/state.ts";
import type { RuntimeContext } from "./runtime.ts";
import { enterUnitHome } from "./unit-home.ts";

const LOOK_MS = 5;

/**
 * Has systemd make the scope that a new container's control group belongs to. A scope lives as long as it has
 * processes, so one that does nothing keeps it until the container's own is there.
 *
 * @returns what lets that process go; at the latest when the plan has been executed
 * @throws SYSTEMD_*, CONTAINER_GROUP without control groups v2, CONTAINER_UNPRIVILEGED
 */
export async function startScope(context: RuntimeContext, input: CreateInput): Promise<AsyncDisposable> {
  const unit = systemdUnit(input.spec.linux?.cgroupsPath, input.id, context.unitHome);
  if (context.placeholder === undefined || input.cgroups?.version !== "v2") {
    throw lifecycleError(
      "GROUP",
      "cannot make control groups through systemd: it takes control groups v2 alone",
      {
        hint: "run without --systemd-cgroup",
      },
    );
  }
  await enterUnitHome(context);
  const placeholder = await context.placeholder();
  try {
    using manager = await connectSystemd(context.systemd);
    const wanted = properties(input, unit, placeholder);
    await manager.startTransientUnit(unit.name, wanted).catch(async (error: unknown) => {
      if (!isNameTaken(error)) throw error;
      // Its group has no processes, which was looked at: whoever made it died in that moment, and systemd has not seen it.
      await manager.stopUnit(unit.name);
      await manager.startTransientUnit(unit.name, wanted);
    });
  } catch (error) {
    await placeholder[Symbol.asyncDispose]();
    throw error;
  }
  const over = new AbortController();
  const gone = untilCreated(input.stateDir, over.signal).then(() => placeholder[Symbol.asyncDispose]());
  return {
    async [Symbol.asyncDispose]() {
      over.abort();
      await gone;
    },
  };
}

/** Tells systemd the limits of a container's scope. @throws SYSTEMD_* */
export async function limitScope(
  { systemd }: RuntimeContext,
  unit: string,
  writes: readonly CgroupWrite[],
): Promise<void> {
  const changes = limitProperties(writes);
  if (changes.length === 0) return;
  using manager = await connectSystemd(systemd);
  await manager.setUnitProperties(unit, changes);
}

/** Has systemd forget the scope of a container that has been removed. */
export async function stopScope({ logger, systemd }: RuntimeContext, unit: string): Promise<void> {
  try {
    using manager = await connectSystemd(systemd);
    await manager.stopUnit(unit);
  } catch (error) {
    // What is left is an empty unit, which systemd drops itself.
    logger.log("warn", "scope.stop", { unit, error: String(error) });
  }
}

function properties(input: CreateInput, unit: SystemdUnit, placeholder: Placeholder) {
  const { spec, cgroups, id } = input;
  const writes = cgroups === undefined ? [] : resourceWrites(spec.linux?.resources ?? {}, cgroups);
  const accounting = ["CPUAccounting", "IOAccounting", "MemoryAccounting", "TasksAccounting"];
  return [
    property("Description", "s", `container ${id}`),
    property("Slice", "s", unit.slice),
    property("Delegate", "b", true),
    property("PIDs", "au", [placeholder.pid]),
    property("DefaultDependencies", "b", false),
    property("CollectMode", "s", "inactive-or-failed"),
    ...accounting.map((name) => property(name, "b", true)),
    ...limitProperties(writes),
    ...annotatedProperties(spec.annotations),
  ];
}

/** The helper writes the state again as soon as the container has a process. */
async function untilCreated(stateDir: string, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const text = await readFile(`${stateDir}/${stateFiles.state}`, "utf8").catch(() => "");
    if (/"pid":[1-9]/.test(text)) return;
    await sleep(LOOK_MS, undefined, { signal: over }).catch(() => undefined);
  }
}
