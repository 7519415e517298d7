import { TugError } from "../../base/index.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import { checkHandler } from "./check-handler.ts";
import type { RuntimeHandlers } from "./handlers.ts";

/**
 * A request with the runtime that it gets, by its name; without one for the engine's own.
 *
 * @throws ENGINE_HANDLER with the place that the user wrote, CONFIG_FILE
 */
export async function withRuntime(
  runtimes: RuntimeHandlers,
  request: CreateContainerRequest,
): Promise<CreateContainerRequest> {
  try {
    const handler = await runtimes.choose(request.runtime);
    if (handler !== undefined) checkHandler(request, handler);
    return { ...request, runtime: handler?.name };
  } catch (error) {
    const pointer = request.from.runtime;
    if (!(error instanceof TugError) || pointer === undefined) throw error;
    const { kind, code, message, hint } = error;
    const details = { ...error.details, pointer };
    throw new TugError(kind, code, message, { details, cause: error, ...(hint !== undefined && { hint }) });
  }
}
