import { dirname } from "node:path";
import { readHostFacts } from "../host/index.ts";
import { encodePlan, planToJson, printPlan, verifyPlan } from "../plan/index.ts";
import { createBindings, createPlan, readConfig } from "../runtime/index.ts";
import { DEFAULT_ROOT } from "./caller.ts";

/** A plan for people and programs, as the Docker door's `/tug/explain` answers. */
export type ExplainedBundle = { readonly Digest: string; readonly Text: string; readonly Plan: unknown };

/** The id that the container of an explained bundle has: long enough that it is left out of the digest, as longer ids are. */
const EXPLAINED_ID = "explained-container";

/**
 * The plan that `tug-oci create` would execute as root for a bundle on this machine, and its digest, which is the same for
 * every id of twelve characters or more. Needs no right and makes nothing.
 *
 * @param path of the bundle's config.json, absolute
 */
export async function explainConfig(path: string): Promise<ExplainedBundle> {
  const bundle = dirname(path);
  const { value: spec } = await readConfig(path);
  const context = { root: DEFAULT_ROOT, facts: await readHostFacts(), owner: 0 };
  const plan = createPlan(context, spec, {
    id: EXPLAINED_ID,
    bundle,
    attendance: "create",
    ...(spec.process.terminal === true && { console: { kind: "socket", path: "/console.sock" } as const }),
  });
  verifyPlan(plan);
  const bindings = createBindings(EXPLAINED_ID);
  return {
    Digest: encodePlan(plan, bindings).digest,
    Text: printPlan(plan, { bindings }),
    Plan: planToJson(plan),
  };
}
