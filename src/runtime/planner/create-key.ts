import { type Digest, sha256 } from "../../base/index.ts";
import { printJson, printSpec, type Spec } from "../../specs/oci-runtime/index.ts";
import { type CreateInput, planFacts } from "./input.ts";

/** Of configurations that are read again and again, and are the same object then. */
const printed = new WeakMap<Spec, string>();

/** A key of everything that decides the plan for a new container but for its bindings. */
export function createKey(input: CreateInput): Digest {
  const { id, spec, facts, mountSources, networkAhead: _bound, ...rest } = input;
  const sources = [...(mountSources ?? [])];
  const text = printed.get(spec) ?? printSpec(spec);
  printed.set(spec, text);
  // A bigint would have all of it printed the slow way.
  const machine = { ...planFacts(facts), boundingCapabilities: facts.boundingCapabilities.toString() };
  return planKey(id, `${text}\0${printJson({ ...rest, sources, facts: machine })}`);
}

/**
 * A key of what decides a container's plan.
 *
 * @param text its data as JSON
 * @param id of the container, which does not count: what holds it is the same for all
 */
export function planKey(id: string, text: string): Digest {
  // Text of JSON has no such character.
  return sha256(text.replaceAll(id, "\0id").replaceAll(id.slice(0, 12), "\0short"));
}
