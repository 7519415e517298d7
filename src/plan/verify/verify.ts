import { planError } from "../errors.ts";
import type { Plan } from "../plan.ts";
import { identityRules } from "./identity.ts";
import { orderRules } from "./order.ts";
import type { Breach, Rule } from "./rule.ts";
import { structureRules } from "./structure.ts";

/** Every rule of the verifier. */
export const rules: readonly Rule[] = [...structureRules, ...orderRules, ...identityRules];

/** All breaches of all rules, with the rule that each one breaks. */
export function breachesOf(plan: Plan): { rule: Rule; breach: Breach }[] {
  const found: { rule: Rule; breach: Breach }[] = [];
  for (const rule of rules) for (const breach of rule.check(plan)) found.push({ rule, breach });
  return found;
}

/**
 * Checks a plan before it is sent anywhere.
 *
 * @throws PLAN_RULE with the first breach: rule, op, JSON pointer, reason
 */
export function verifyPlan(plan: Plan): void {
  const first = breachesOf(plan)[0];
  if (first === undefined) return;
  const { rule, breach } = first;
  const op = plan[breach.place.list][breach.place.index];
  throw planError(
    "RULE",
    `cannot use the plan: ${breach.place.list} op ${breach.place.index} (${op?.op ?? "none"}, ${op?.from ?? "-"}) breaks rule ${rule.id}: ${breach.what}`,
    { hint: rule.reason, details: { rule: rule.id, source: rule.source } },
  );
}
