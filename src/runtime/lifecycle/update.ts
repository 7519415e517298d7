import { readFile } from "node:fs/promises";
import type { Op, Plan } from "../../plan/index.ts";
import {
  type LinuxIntelRdt,
  type LinuxResources,
  printJson,
  type Spec,
} from "../../specs/oci-runtime/index.ts";
import { lifecycleError } from "../errors.ts";
import type { Existing } from "../planner/lifecycle.ts";
import { planSchemata } from "../planner/resctrl.ts";
import { escapeContent, stateFiles } from "../planner/state.ts";
import { limitWrites, planUpdate } from "../planner/update.ts";
import { schemataText } from "../resctrl/index.ts";
import type { StoredState } from "../state.ts";
import { loadExisting } from "./existing.ts";
import type { RuntimeContext } from "./runtime.ts";
import { limitScope } from "./scope.ts";
import { statusOf } from "./status.ts";

/** What is to change; what is left out stays. */
export type Changes = {
  readonly resources: LinuxResources;
  /** Of the container's class of service, of which others may be, too. */
  readonly schemas?: Pick<LinuxIntelRdt, "l3CacheSchema" | "memBwSchema">;
};

/**
 * Changes limits of a container, and its configuration on record, from which later changes are completed. What was
 * written before a refusal is taken back. Device rules are not changed, as in runc.
 *
 * @throws CONTAINER_NOT_FOUND, CONTAINER_NOT_RUNNING, CONTAINER_RESCTRL, CGROUP_RESOURCE, RUNTIME_*
 */
export async function updateContainer(
  context: RuntimeContext,
  id: string,
  { resources: changes, schemas = {} }: Changes,
): Promise<void> {
  const existing = await loadExisting(context.root, id);
  const { spec, state, stateDir } = existing;
  if (statusOf(existing, context.facts.bootId) === "stopped" || spec === undefined) {
    throw lifecycleError("NOT_RUNNING", "cannot update a stopped container: container not running");
  }
  const schemata = schemataChange(existing, schemas);
  if (state.groups.length === 0 && (schemata === undefined || Object.keys(changes).length > 0)) {
    throw lifecycleError("GROUP", `cannot update container ${id}: it has no control group`);
  }
  await checkUsage(state, changes);
  const before = spec.linux?.resources ?? {};
  const after = mergeResources(before, changes);
  const plan = planUpdate(existing, changes, before);
  const record: Op = {
    op: "writeFile",
    from: "state directory",
    path: `${stateDir}/${stateFiles.config}`,
    content: escapeContent(printJson(withChanges(spec, after, schemas))),
    mode: 0o600,
  };
  const { unit } = state;
  if (unit !== undefined) await limitScope(context, unit, limitWrites(existing, changes, before));
  try {
    if (schemata !== undefined) await context.helper.execute(schemata.forth);
    await context.helper.execute({ ...plan, host: [...plan.host, record] });
  } catch (error) {
    await takeBack(context, existing, { changes, before, after, schemata: schemata?.back });
    throw error;
  }
}

/** Undefined where the class is not to change. */
function schemataChange(
  { state: { id, resctrl }, spec }: Existing,
  schemas: NonNullable<Changes["schemas"]>,
): { forth: Plan; back: Plan | undefined } | undefined {
  if (Object.keys(schemas).length === 0) return undefined;
  const before = spec?.linux?.intelRdt;
  if (resctrl === undefined || before === undefined) {
    throw lifecycleError("RESCTRL", `cannot update container ${id}: it has no class of service`, {
      hint: "give it linux.intelRdt when it is made",
    });
  }
  const text = (wanted: LinuxIntelRdt): string => schemataText(resctrl.root, wanted);
  const old = text(before);
  return {
    forth: planSchemata(resctrl, text({ ...before, ...schemas })),
    back: old === "" ? undefined : planSchemata(resctrl, old),
  };
}

type Change = {
  changes: LinuxResources;
  before: LinuxResources;
  after: LinuxResources;
  schemata: Plan | undefined;
};

async function takeBack(
  context: RuntimeContext,
  existing: Existing,
  { changes, before, after, schemata }: Change,
): Promise<void> {
  const { helper, logger } = context;
  const members = Object.keys(changes) as (keyof LinuxResources)[];
  const old = Object.fromEntries(members.map((member) => [member, before[member]])) as LinuxResources;
  try {
    await helper.execute(planUpdate(existing, old, after));
    if (schemata !== undefined) await helper.execute(schemata);
    const { unit } = existing.state;
    if (unit !== undefined) await limitScope(context, unit, limitWrites(existing, old, after));
  } catch (error) {
    logger.log("warn", "update.undo", { id: existing.state.id, error: String(error) });
  }
}

function withChanges(spec: Spec, resources: LinuxResources, schemas: NonNullable<Changes["schemas"]>): Spec {
  const { intelRdt } = spec.linux ?? {};
  return {
    ...spec,
    linux: { ...spec.linux, resources, ...(intelRdt && { intelRdt: { ...intelRdt, ...schemas } }) },
  };
}

/** What holds after a change: each member of a part stays unless the change has it. */
export function mergeResources(before: LinuxResources, changes: LinuxResources): LinuxResources {
  const { devices: _, hugepageLimits, ...parts } = changes;
  const merged: Record<string, unknown> = { ...before };
  for (const [member, part] of Object.entries(parts)) {
    merged[member] = { ...(before[member as keyof LinuxResources] as object | undefined), ...part };
  }
  if (hugepageLimits !== undefined) {
    const sizes = hugepageLimits.map(({ pageSize }) => pageSize);
    const kept = (before.hugepageLimits ?? []).filter(({ pageSize }) => !sizes.includes(pageSize));
    merged.hugepageLimits = [...kept, ...hugepageLimits];
  }
  return merged as LinuxResources;
}

/**
 * With checkBeforeUpdate a limit below what is used is refused, instead of making the kernel kill.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#memory
 */
async function checkUsage({ groups }: StoredState, { memory }: LinuxResources): Promise<void> {
  const limit = memory?.limit ?? -1n;
  if (memory?.checkBeforeUpdate !== true || limit < 0n) return;
  const legacy = groups.find(({ controllers }) => controllers.includes("memory"));
  const group = legacy ?? groups.find(({ version }) => version === 2);
  const file = legacy === undefined ? "memory.current" : "memory.usage_in_bytes";
  const text = await readFile(`${group?.path}/${file}`, "utf8").catch(() => "0");
  const usage = BigInt(text.trim());
  if (usage <= limit) return;
  throw lifecycleError("IN_USE", `cannot set the memory limit to ${limit} bytes: ${usage} are in use`, {
    hint: "raise it, or leave checkBeforeUpdate out",
  });
}
