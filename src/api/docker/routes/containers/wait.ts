import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { later } from "../../streams/pieces.ts";
import { idOf } from "./lifecycle.ts";
import type { Waiting } from "./port.ts";
import type { ContainersHandler } from "./routes.ts";

/**
 * POST /containers/{id}/wait. The headers go out as soon as the waiter is registered: clients start the container only
 * then, so that its end cannot be missed.
 */
export const waitContainer: ContainersHandler = async (containers, request) => {
  // Conditions came with 1.30, and so did the early headers.
  const asked = request.version < 30 ? undefined : request.query.oneOf("condition", dockerApi.waitConditions);
  const { ended } = await containers.wait(idOf(request), asked ?? "not-running", request.signal);
  if (request.version < 30) return json(renderWait(await ended));
  const text = ended.then((end) => `${JSON.stringify(renderWait(end))}\n`);
  return { kind: "stream", type: dockerApi.mediaTypes.json, pieces: later(text) };
};

function renderWait(end: Awaited<Waiting["ended"]>): dockerApi.WaitResponse {
  return { StatusCode: end.exitCode, Error: end.error === undefined ? undefined : { Message: end.error } };
}
