import type { Explained } from "../../../../engine/index.ts";
import type { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import type { Route } from "../../route.ts";
import { readCreateRequest } from "../containers/create.ts";
import { idOf } from "../containers/lifecycle.ts";
import type { PlansPort } from "./port.ts";

/** The endpoints that show plans and make nothing; see `tugRoutes` for what they are. */
export function planRoutes(plans: PlansPort): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/tug/explain",
      access: "owner",
      since: 24,
      handler: async (request) =>
        json(render(await plans.explain(await readCreateRequest(request), request.signal))),
    },
    {
      method: "GET",
      path: "/tug/containers/{id}/plan",
      access: "owner",
      since: 24,
      handler: async (request) => json(render(await plans.planOf(idOf(request)))),
    },
  ];
}

function render({ digest, text, plan }: Explained): dockerApi.ExplainedPlan {
  return { Digest: digest, Text: text, Plan: plan };
}
