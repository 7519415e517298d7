import type { Logger } from "../../base/index.ts";
import { planRoutes } from "./routes/tug/plan-routes.ts";
import type { PlansPort } from "./routes/tug/port.ts";
import { createDoor, type DockerDoor } from "./server.ts";

/** The part of the Docker door that needs no engine: plans. */
export function createPlansDoor(
  plans: PlansPort,
  options: { readonly logger: Logger; readonly version: string },
): DockerDoor {
  return createDoor({ routes: planRoutes(plans), ...options });
}
