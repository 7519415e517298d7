import type { Field } from "../field.ts";

/**
 * Which process executes a list. `host` runs in the caller's namespaces, `stage` in the process that enters existing
 * namespaces and clones, `init` in the container's process.
 */
export const lists = ["host", "stage", "init"] as const;
export type ListName = (typeof lists)[number];

/** Phases in the only order a list may pass through them. A list uses the ones that its ops name. */
export const phases = ["prepare", "attend", "enter", "mount", "root", "identity", "final"] as const;
export type PhaseName = (typeof phases)[number];

export type OpDefinition = {
  /** One line: what the recipe does and promises. */
  readonly doc: string;
  /** The man page, kernel file or CVE that explains the recipe. */
  readonly source: string;
  /** In which phase of which list the op may stand. */
  readonly legal: Readonly<Partial<Record<ListName, readonly PhaseName[]>>>;
  readonly fields: Readonly<Record<string, Field>>;
};

/** Keeps the literal types of a group of ops and checks its shape. */
export function defineOps<const T extends Readonly<Record<string, OpDefinition>>>(group: T): T {
  return group;
}
