import type { Database } from "../../base/index.ts";
import { createRegistryTable } from "./registry-table.ts";

/** Tells which names of images, with digests, are those under which they were pushed to a registry of this engine. */
export function hostedNames(database: Database): (name: string) => boolean {
  const pushed = createRegistryTable(database).images();
  const names = new Set(pushed.map(({ repository, digest }) => `${repository}@${digest}`));
  return (name) => names.has(name);
}
