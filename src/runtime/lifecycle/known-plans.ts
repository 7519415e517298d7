import type { Digest } from "../../base/index.ts";
import {
  bindTemplate,
  encodeTemplate,
  type OutgoingPlan,
  type Plan,
  type PlanTemplate,
  verifyPlan,
} from "../../plan/index.ts";
import { createBindings } from "../planner/create.ts";

/** Plans that were sent lately: the same ones again, for containers that differ in their ids alone, are not made anew. */
export interface KnownPlans {
  /**
   * A container's plan.
   *
   * @param key of all that decides it but for what is bound
   * @throws what `make` throws, when it is called
   */
  outgoing(key: Digest, bound: BoundValues, make: () => Plan): OutgoingPlan;
}

/** What differs from one container to the next: `createBindings`. */
export type BoundValues = { readonly id: string; readonly networkAhead?: string | undefined };

/** How many are kept, of some 20 KiB each. */
const MOST = 32;

/** Ids of no more characters are not bound, or are their own beginning: their plans have other bytes. */
const SHORT_ID = 12;

/** The plan of a key as it came out last, and its bytes once it has come out the same for another id. */
type Known = { readonly id: string; readonly digest: Digest; readonly template?: PlanTemplate };

/**
 * Nothing is known at first. A plan is known when it was made twice, for two ids, with the same digest: then it holds
 * nothing of an id but what its bindings put there.
 */
export function createKnownPlans(): KnownPlans {
  const latest = new Map<Digest, Known>();
  const keep = (key: Digest, known: Known): void => {
    latest.delete(key);
    latest.set(key, known);
    const [oldest] = latest.keys();
    if (latest.size > MOST && oldest !== undefined) latest.delete(oldest);
  };
  return {
    outgoing(key, { id, networkAhead }, make) {
      const bindings = createBindings(id, networkAhead);
      const known = id.length > SHORT_ID ? latest.get(key) : undefined;
      if (known?.template !== undefined) {
        const { template } = known;
        keep(key, known);
        return { encode: () => bindTemplate(template, bindings), ops: make };
      }
      const plan = make();
      return {
        encode() {
          verifyPlan(plan);
          const template = encodeTemplate(plan, bindings);
          const { digest } = template;
          const isSame = known !== undefined && known.id !== id && known.digest === digest;
          if (id.length > SHORT_ID) keep(key, { id, digest, ...(isSame && { template }) });
          return bindTemplate(template, bindings);
        },
        ops: () => plan,
      };
    },
  };
}
