import { directoryFlags, type Op } from "../../plan/index.ts";
import { printSpec } from "../../specs/oci-runtime/index.ts";
import type { CgroupLayout } from "../cgroups/index.ts";
import type { StoredGroup, StoredState } from "../state.ts";
import type { CreateInput } from "./input.ts";
import { storedResctrl } from "./resctrl.ts";
import { rootPath } from "./root-mount.ts";

/** Names of the files in a container's state directory. */
export const stateFiles = {
  state: "state.json",
  config: "config.json",
  start: "start",
  execStatus: "exec-status",
  notify: "notify",
} as const;

/** What of a container's plan its state is made from. */
export type StateInput = Omit<CreateInput, "root"> & { readonly handler?: { readonly name: string } };

/**
 * The journal: the directory, the configuration and the state with everything that `delete` must undo, written before
 * the first effect.
 */
export function journalOps(input: StateInput): Op[] {
  const { stateDir, spec, owner } = input;
  return [
    {
      op: "directory",
      from: "state directory",
      path: stateDir.slice(0, stateDir.lastIndexOf("/")) || "/",
      // In a runtime directory the sticky bit keeps it from being swept: XDG Base Directory Specification.
      mode: owner === 0 ? 0o711 : 0o1700,
      flags: directoryFlags.PARENTS | directoryFlags.MAY_EXIST,
    },
    { op: "directory", from: "container id", path: stateDir, mode: 0o711 },
    {
      op: "writeFile",
      from: "state directory",
      path: `${stateDir}/${stateFiles.config}`,
      content: escapeContent(printSpec(spec)),
      mode: 0o600,
    },
    { op: "writeFile", from: "state directory", ...stateFile(input, "0", '"0"') },
  ];
}

/** The state with the pid, as soon as there is one. */
export function stateWithPid(input: StateInput): Op {
  return { op: "writeFile", from: "state directory", ...stateFile(input, "%p", '"%t"') };
}

function stateFile(
  input: StateInput,
  pid: string,
  startTime: string,
): { path: string; content: string; mode: number } {
  const { id, bundle, stateDir, spec, facts } = input;
  const resctrl = storedResctrl(input);
  const state: Omit<StoredState, "pid" | "startTime"> = {
    version: 1,
    ociVersion: spec.ociVersion,
    id,
    bundle,
    rootfs: rootPath(input),
    owner: input.owner,
    bootId: facts.bootId,
    groups: storedGroups(input.cgroups),
    ...(input.handler !== undefined && { handler: input.handler.name }),
    ...(resctrl !== undefined && { resctrl }),
    ...(input.unit !== undefined && { unit: input.unit }),
    ...(spec.annotations && { annotations: { ...spec.annotations } }),
  };
  const text = escapeContent(JSON.stringify(state));
  return {
    path: `${stateDir}/${stateFiles.state}`,
    content: `${text.slice(0, -1)},"pid":${pid},"startTime":${startTime}}`,
    mode: 0o600,
  };
}

/** The groups of a layout as the state names them. */
export function storedGroups(layout: CgroupLayout | undefined): StoredGroup[] {
  return (layout?.hierarchies ?? []).map(({ mount, path, version, controllers }) => ({
    path: `${mount}/${path}`.replace(/\/{2,}/g, "/"),
    version,
    controllers: [...controllers],
  }));
}

/** Doubles the per cent signs of a text, so that writeFile writes it as it is. */
export function escapeContent(text: string): string {
  return text.replaceAll("%", "%%");
}
