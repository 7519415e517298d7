import type { Explained } from "../../../../engine/index.ts";
import type { dockerApi } from "../../../../specs/index.ts";
import { json, noContent } from "../../answer.ts";
import type { Route } from "../../route.ts";
import { readCreateRequest } from "../containers/create.ts";
import { idOf } from "../containers/lifecycle.ts";
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
    {
      method: "POST",
      path: "/tug/explain",
      since: 24,
      handler: async (request) =>
        json(render(await plans.explain(await readCreateRequest(request), request.signal))),
    },
    {
      method: "GET",
      path: "/tug/containers/{id}/plan",
      since: 24,
      handler: async (request) => json(render(await plans.planOf(idOf(request)))),
    },
    {
      method: "GET",
      path: "/tug/engine",
      since: 24,
      async handler() {
        const { version, build, pid } = process.describe();
        return json({ Version: version, Build: build, Pid: pid } satisfies dockerApi.EngineProcess);
      },
    },
    {
      method: "POST",
      path: "/tug/engine/end",
      since: 24,
      async handler() {
        process.end();
        return noContent;
      },
    },
  ];
}

function render({ digest, text, plan }: Explained): dockerApi.ExplainedPlan {
  return { Digest: digest, Text: text, Plan: plan };
}
