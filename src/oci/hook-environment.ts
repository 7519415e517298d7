import type { Hook, Hooks, Spec } from "../specs/oci-runtime/index.ts";
import type { OciEnvironment } from "./command.ts";

/**
 * Hooks that say nothing of their environment have the caller's, and the one inside the container, before its program,
 * the program's: what runc and crun hand on, and hooks of the field count on (a PATH above all). The specification
 * leaves it open.
 */
export function withHookEnvironment(spec: Spec, env: OciEnvironment["env"]): Spec {
  if (spec.hooks === undefined) return spec;
  const outside = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  const inside = spec.process.env ?? [];
  const fill = (kind: keyof Hooks, hooks: readonly Hook[]) =>
    hooks.map((hook) => ({ ...hook, env: hook.env ?? (kind === "startContainer" ? inside : outside) }));
  const kinds = Object.entries(spec.hooks) as [keyof Hooks, readonly Hook[] | undefined][];
  const hooks = Object.fromEntries(kinds.map(([kind, list]) => [kind, list && fill(kind, list)])) as Hooks;
  return { ...spec, hooks };
}
