import type { EngineContext } from "../context.ts";
import type { ExecSession } from "./sessions.ts";

/** Publishes what happens to a session as an event of its container; the first two carry the command line. */
export function publishExec(
  { store, events }: EngineContext,
  { record }: ExecSession,
  action: "exec_create" | "exec_start" | "exec_die" | "exec_detach",
  attributes: Readonly<Record<string, string>> = {},
): void {
  const container = store.get(record.containerId);
  if (container === undefined) return;
  const line = record.request.args.join(" ");
  events.publish({
    type: "container",
    action: action === "exec_create" || action === "exec_start" ? `${action}: ${line}` : action,
    id: container.id,
    attributes: {
      ...container.request.labels,
      name: container.name,
      image: container.request.image,
      execID: record.id,
      ...attributes,
    },
  });
}
