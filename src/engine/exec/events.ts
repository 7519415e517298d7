import { publishContainer } from "../containers/events.ts";
import type { EngineContext } from "../context.ts";
import type { ExecSession } from "./sessions.ts";

/** Publishes what happens to a session as an event of its container; the first two carry the command line. */
export function publishExec(
  context: EngineContext,
  { record }: ExecSession,
  action: "exec_create" | "exec_start" | "exec_die" | "exec_detach",
  attributes: Readonly<Record<string, string>> = {},
): void {
  const container = context.store.get(record.containerId);
  if (container === undefined) return;
  const line = record.request.args.join(" ");
  const withLine = action === "exec_create" || action === "exec_start";
  const shown = withLine ? `${action}: ${line}` : action;
  publishContainer(context, container, shown, { execID: record.id, ...attributes });
}
