import type { Op } from "../../plan/index.ts";
import type { Hook, Hooks } from "../../specs/oci-runtime/index.ts";
import { type ContainerStatus, OCI_RUNTIME_VERSION } from "../../specs/oci-runtime/index.ts";

/** What a hook is told about the container. */
export type HookSubject = {
  readonly id: string;
  readonly bundle: string;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
};

/**
 * The hooks of one kind as ops; each gets the container's state on standard input.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#posix-platform-hooks
 */
export function hookOps(
  kind: keyof Hooks,
  hooks: Hooks | undefined,
  context: { subject: HookSubject; status: ContainerStatus; directory?: string },
): Op[] {
  return (hooks?.[kind] ?? []).map((hook: Hook, index) => ({
    op: "hook",
    from: `/hooks/${kind}/${index}`,
    path: hook.path,
    args: hook.args ?? [hook.path],
    env: hook.env ?? [],
    timeout: hook.timeout ?? 0,
    input: stateJson(context.subject, context.status),
    ...(context.directory !== undefined && { directory: context.directory }),
  }));
}

/** The state as a hook reads it; `%p` becomes the pid, every other per cent sign is doubled. */
function stateJson({ id, bundle, annotations }: HookSubject, status: ContainerStatus): string {
  const state = { ociVersion: OCI_RUNTIME_VERSION, id, status, bundle, ...(annotations && { annotations }) };
  const text = JSON.stringify(state).replaceAll("%", "%%");
  return status === "stopped" ? text : `${text.slice(0, -1)},"pid":%p}`;
}
