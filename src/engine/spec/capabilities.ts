import { capabilityNames, defaultCapabilities, namesOfMask } from "../../runtime/index.ts";
import { engineError } from "../errors.ts";
import type { SecurityRequest } from "../model/create-request.ts";

/**
 * The capabilities of a container: the default ones, with some added and dropped; all that the host has for a
 * privileged one. `ALL` stands for every capability; what is added wins over `--cap-drop ALL`, what is dropped over
 * `--cap-add ALL`, as with Docker.
 *
 * @param available mask of what the engine can hand on
 */
export function containerCapabilities(security: SecurityRequest, available: bigint): string[] {
  const all = namesOfMask(available);
  if (security.privileged) return all;
  const add = security.capAdd.map(normalize);
  const drop = security.capDrop.map(normalize);
  for (const name of [...add, ...drop]) checkName(name);
  const base = add.includes("ALL") ? all : drop.includes("ALL") ? [] : defaultCapabilities;
  const dropped = new Set(drop);
  const kept = base.filter((name) => !dropped.has(name));
  const added = add.filter((name) => name !== "ALL" && !kept.includes(name) && !dropped.has(name));
  return [...kept, ...added];
}

function normalize(name: string): string {
  const upper = name.toUpperCase();
  return upper === "ALL" || upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
}

function checkName(name: string): void {
  if (name === "ALL" || (capabilityNames as readonly string[]).includes(name)) return;
  throw engineError("CAPABILITY", `cannot use capability ${name}: there is none of this name`, {
    hint: "names are those of capabilities(7), with or without CAP_",
  });
}
