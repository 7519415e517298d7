import { dirname } from "node:path";
import { encodePlan, printPlan, verifyPlan } from "../plan/index.ts";
import { createBindings, createPlan, type RuntimeContext, readBundle } from "../runtime/index.ts";

/** A plan for people and programs, as the Docker door's `/tug/explain` answers. */
export type ExplainedBundle = { readonly Digest: string; readonly Text: string; readonly Plan: unknown };

/**
 * The plan that `tug-oci create` would execute for a bundle, and its digest. Needs no right and makes nothing.
 *
 * @param path of the bundle's config.json
 * @param id that the container would have
 */
export async function explainBundle(
  context: RuntimeContext,
  path: string,
  id: string,
): Promise<ExplainedBundle> {
  const bundle = dirname(path);
  const { value: spec } = await readBundle(bundle);
  const plan = createPlan(context, spec, {
    id,
    bundle,
    attendance: "create",
    ...(spec.process.terminal === true && { console: { kind: "socket", path: "/console.sock" } as const }),
  });
  verifyPlan(plan);
  const bindings = createBindings(id);
  return {
    Digest: encodePlan(plan, bindings).digest,
    Text: printPlan(plan, { bindings }),
    Plan: JSON.parse(JSON.stringify(plan, jsonValue)),
  };
}

/** Numbers of 64 bits and bytes have no form in JSON. */
function jsonValue(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}
