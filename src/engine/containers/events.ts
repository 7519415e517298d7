import type { EngineContext } from "../context.ts";
import type { ContainerRecord } from "./record.ts";

/**
 * Publishes what has happened to a container, with its labels, name and image and what belongs to the action. Docker's
 * events carry the same, so that clients can select by label.
 */
export function publishContainer(
  { events }: Pick<EngineContext, "events">,
  { id, name, request }: ContainerRecord,
  action: string,
  attributes: Readonly<Record<string, string>> = {},
): void {
  events.publish({
    type: "container",
    action,
    id,
    attributes: { ...request.labels, name, image: request.image, ...attributes },
  });
}
