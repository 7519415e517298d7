import type { Database } from "../../base/index.ts";
import { createRegistryTable } from "./registry-table.ts";

/** How an image got its name in a registry of this engine: clients pushed it, or a mirror has fetched it for them. */
export type Hosting = "pushed" | "cached";

/** Tells of names of images, with digests, whether and how they came by a registry of this engine. */
export function hostedNames(database: Database): (name: string) => Hosting | undefined {
  const names = new Map<string, Hosting>();
  for (const { repository, digest, cached } of createRegistryTable(database).images()) {
    names.set(`${repository}@${digest}`, cached ? "cached" : "pushed");
  }
  return (name) => names.get(name);
}
