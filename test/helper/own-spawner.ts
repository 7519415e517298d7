import { join } from "node:path";
import { silentLogger } from "../../src/base/index.ts";
import { openSpawner, type Spawner } from "../../src/helper/index.ts";
import { helperPath } from "./driver.ts";

/** A spawner in no control group of its own, with its socket in a directory. */
export function ownSpawner(
  directory: string,
  makeGroup: () => Promise<readonly string[]> = async () => [],
): Promise<Spawner> {
  const socket = join(directory, "spawner.sock");
  return openSpawner({ helper: helperPath, socket, makeGroup, logger: silentLogger });
}
