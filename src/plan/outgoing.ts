import { type EncodedPlan, encodePlan } from "./encode.ts";
import type { Binding, Plan } from "./plan.ts";
import { verifyPlan } from "./verify/verify.ts";

/** A plan on its way to the helper. */
export type OutgoingPlan = {
  /** Its bytes. @throws PLAN_RULE, PLAN_VALUE */
  readonly encode: () => EncodedPlan;
  /** Its ops, for whoever has to say what went wrong with one. */
  readonly ops: () => Plan;
};

/** What is sent of a plan, which may be one that is on its way already. */
export function asOutgoing(
  plan: Plan | OutgoingPlan,
  bindings: readonly Binding[] | undefined,
): OutgoingPlan {
  return "encode" in plan ? plan : outgoingPlan(plan, bindings);
}

/** A plan that is verified and encoded when it is sent. */
export function outgoingPlan(plan: Plan, bindings: readonly Binding[] = []): OutgoingPlan {
  return {
    encode() {
      verifyPlan(plan);
      return encodePlan(plan, bindings);
    },
    ops: () => plan,
  };
}
