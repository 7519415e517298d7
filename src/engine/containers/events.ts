import type { EngineContext } from "../context.ts";
import type { ContainerRecord } from "./record.ts";

/**
 * Publishes what has happened to a container, with its labels, name and image and what belongs to the action. Docker's
 * events carry the same, so that clients can select by label.
 */
export function publishContainer(
  { events }: Pick<EngineContext, "events">,
  record: ContainerRecord,
  action: string,
  attributes: Readonly<Record<string, string>> = {},
): void {
  events.publish(containerEvent(record, action, attributes));
}

/**
 * The same for what happens once from a moment on, and may have been published by an engine that died before it could
 * write the container's new state down.
 *
 * @param since RFC 3339
 */
export function publishContainerOnce(
  { events }: Pick<EngineContext, "events">,
  record: ContainerRecord,
  {
    action,
    since,
    attributes = {},
  }: { action: string; since: string; attributes?: Readonly<Record<string, string>> },
): void {
  events.publishOnce(containerEvent(record, action, attributes), Date.parse(since));
}

function containerEvent(
  { id, name, request }: ContainerRecord,
  action: string,
  attributes: Readonly<Record<string, string>>,
) {
  return {
    type: "container",
    action,
    id,
    attributes: { ...request.labels, name, image: request.image, ...attributes },
  } as const;
}
