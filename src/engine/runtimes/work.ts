import { readFileSync } from "node:fs";
import { errnoOf } from "../../base/index.ts";
import { type HandlerWork, handlerFiles, planHandlerWork, type RuntimeHandler } from "../../runtime/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";

/** The handler that made a container's present run, as it was then; undefined for the engine's own, and where no run is left. */
export function handlerOf(
  { layout }: Pick<EngineContext, "layout">,
  { id, request }: Pick<ContainerRecord, "id" | "request">,
): RuntimeHandler | undefined {
  if (request.runtime === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(`${layout.containerRun(id)}/${handlerFiles.handler}`, "utf8"));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Has the handler of a container's present run do something.
 *
 * @returns whether there is one
 * @throws RUNTIME_HANDLER with what its program says
 */
export async function workOfHandler(
  context: Pick<EngineContext, "layout" | "helper">,
  record: Pick<ContainerRecord, "id" | "request">,
  work: HandlerWork,
): Promise<boolean> {
  const handler = handlerOf(context, record);
  if (handler === undefined) return false;
  const { id } = record;
  await context.helper.execute(planHandlerWork({ handler, id, run: context.layout.containerRun(id) }, work));
  return true;
}

/**
 * Removes what the handler of a run keeps of it, whatever has become of the container. That its program cannot do it, or is
 * there no more, keeps nothing from going on: what the kernel has of a container is ended without it.
 */
export async function deleteByHandler(
  context: Pick<EngineContext, "layout" | "helper" | "logger">,
  record: Pick<ContainerRecord, "id" | "request">,
): Promise<void> {
  try {
    await workOfHandler(context, record, { command: "delete" });
  } catch (error) {
    context.logger.log("warn", "container.runtime.delete", { container: record.id, error: String(error) });
  }
}

/** @throws ENGINE_HANDLER for what cannot be done to a sandbox from outside */
export function requireNoSandbox(
  context: Pick<EngineContext, "layout">,
  record: Pick<ContainerRecord, "id" | "name" | "request">,
  what: string,
): void {
  const handler = handlerOf(context, record);
  if (handler?.sandbox !== true) return;
  throw engineError(
    "HANDLER",
    `cannot ${what} ${record.name} while it runs: runtime ${handler.name} shows the host a sandbox only`,
    { hint: `stop it first (tug stop ${record.name}), or do it inside: tug exec ${record.name} ...` },
  );
}
