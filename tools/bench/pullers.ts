import { join } from "node:path";
import { startTug } from "../../test/environment/index.ts";
import type { Contender } from "./contender.ts";
import type { Fixture } from "./fixture.ts";
import { familyOf } from "./memory.ts";
import { enginePid } from "./tug.ts";

/** tug with layers kept as directories, by an engine of its own. It takes part where images are pulled. */
export async function overlayContender({ state, programs }: Fixture): Promise<Contender> {
  const instance = await startTug({ run: join(state, "overlay"), snapshotter: "overlay" });
  const { code, stderr } = await instance.tug(["info"]);
  if (code !== 0) throw new Error(`tug with overlay: ${stderr}`);
  const tug = join(programs, "tug");
  return {
    name: "tug-overlay",
    version: "the snapshotter overlay",
    env: { TUG_DATA_ROOT: instance.data, TUG_RUN_ROOT: instance.run },
    pull: ({ here }) => [tug, "pull", here],
    daemons: () => familyOf(enginePid(instance)),
    removeImage: ({ here }) => [tug, "rmi", here],
    [Symbol.asyncDispose]: () => instance[Symbol.asyncDispose](),
  };
}

/** What node:zlib and node:crypto alone take for a pull, with nothing stored. */
export function floorContender(): Contender {
  return {
    name: "floor",
    version: "fetches, decompresses and computes digests",
    pull: ({ here }) => [process.execPath, join(import.meta.dirname, "floor.ts"), here],
    [Symbol.asyncDispose]: async () => {},
  };
}
