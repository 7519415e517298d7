import { stat } from "node:fs/promises";
import { TugError } from "../../base/index.ts";
import { OCI_RUNTIME_VERSION } from "../../specs/oci-runtime/index.ts";
import { cgroupLayout } from "../cgroups/index.ts";
import { cgroupsPathIsUnit, systemdUnit } from "../cgroups/systemd-unit.ts";
import type { Existing } from "../planner/lifecycle.ts";
import { storedGroups } from "../planner/state.ts";
import type { StoredState } from "../state.ts";
import { loadExisting, loadSpec } from "./existing.ts";
import type { RuntimeContext } from "./runtime.ts";
import { withUnitHome } from "./unit-home.ts";

/**
 * What must be undone of a container, whatever happened to it. Undefined where there is nothing.
 *
 * A state that is missing, because its maker died before it was written, or that is damaged, is replaced by what the
 * configuration implies: control groups at their usual places.
 */
export async function loadRemains(context: RuntimeContext, id: string): Promise<Existing | undefined> {
  try {
    return await loadExisting(context.root, id);
  } catch (error) {
    if (!(error instanceof TugError) || (error.kind !== "notFound" && error.kind !== "dataLoss")) throw error;
  }
  const stateDir = `${context.root}/${id}`;
  const found = await stat(stateDir).catch(() => undefined);
  if (!found?.isDirectory()) return undefined;
  return impliedBy(context, { id, stateDir });
}

async function impliedBy(
  context: RuntimeContext,
  { id, stateDir }: { id: string; stateDir: string },
): Promise<Existing> {
  const { facts, owner } = context;
  const spec = await loadSpec(stateDir).catch(() => undefined);
  const { cgroupMounts: mounts, groups } = facts;
  const path = spec?.linux?.cgroupsPath;
  const isUnit = path !== undefined && path !== "" && cgroupsPathIsUnit(path);
  // Without its systemd there are no groups of its units either.
  const { unitHome } = isUnit ? await withUnitHome(context).catch(() => context) : context;
  const unit = isUnit ? systemdUnit(path, id, unitHome) : undefined;
  const layout = cgroupLayout({ mounts, groups, cgroupsPath: unit?.path ?? path, id });
  const state: StoredState = {
    version: 1,
    ociVersion: spec?.ociVersion ?? OCI_RUNTIME_VERSION,
    id,
    bundle: "",
    rootfs: "",
    owner,
    bootId: facts.bootId,
    groups: storedGroups(layout),
    ...(unit && { unit: unit.name }),
    pid: 0,
    startTime: "0",
  };
  return { state, stateDir, spec, hooks: spec?.hooks };
}
