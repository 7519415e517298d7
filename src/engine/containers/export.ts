import { exportTar } from "../../images/index.ts";
import type { Slot } from "../../plan/index.ts";
import type { EngineContext } from "../context.ts";
import { helperTrees } from "../trees.ts";
import type { ContainerRecord } from "./record.ts";
import { layersMount } from "./user-files.ts";

/** A container's root file system as a tar archive, running or not: image and changes, without what is mounted in it. */
export async function exportContainer(
  { helper, images }: EngineContext,
  { id }: ContainerRecord,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const { layers } = await images.root(id);
  const mount = layersMount(layers, 0 as Slot);
  return exportTar(helperTrees(helper).packMount(mount, {}, signal));
}
