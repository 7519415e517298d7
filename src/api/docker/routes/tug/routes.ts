import type { dockerApi } from "../../../../specs/index.ts";
import { json, noContent } from "../../answer.ts";
import type { Route } from "../../route.ts";
import { planRoutes } from "./plan-routes.ts";
import type { PlansPort, ProcessPort } from "./port.ts";

/**
 * The endpoints that Docker does not have.
 *
 * | endpoint | request | answer |
 * | --- | --- | --- |
 * | POST /tug/explain | as POST /containers/create | ExplainedPlan: what would be executed; nothing is made |
 * | GET /tug/containers/{id}/plan | | ExplainedPlan of that container |
 * | GET /tug/engine | | EngineProcess |
 * | POST /tug/engine/end | | 204, or 409 when commands are under way; containers go on |
 */
export function tugRoutes(plans: PlansPort, process: ProcessPort): readonly Route[] {
  return [
    ...planRoutes(plans),
    {
      method: "GET",
      path: "/tug/engine",
      access: "owner",
      since: 24,
      async handler() {
        const { version, build, pid } = process.describe();
        return json({ Version: version, Build: build, Pid: pid } satisfies dockerApi.EngineProcess);
      },
    },
    {
      method: "POST",
      path: "/tug/engine/end",
      access: "owner",
      since: 24,
      async handler() {
        process.end();
        return noContent;
      },
    },
  ];
}
