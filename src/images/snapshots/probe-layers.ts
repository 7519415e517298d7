import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../base/index.ts";
import { blockSize, createIndexBuilder } from "../../erofs/index.ts";
import { emptyNode } from "../../tar/index.ts";
import { imageError } from "../errors.ts";
import { layerFiles } from "../layers/index-layer.ts";
import type { LayerAccess, LayerMounter } from "./layer-mounts.ts";

export type ProbeOptions = {
  /** The directory of the layers to come: what its file system can do is what matters. */
  store: string;
  /** Where layers will be mounted. */
  mounts: string;
  mounter: LayerMounter;
};

/** The best first. Loop devices cost a device for each file of a layer. */
const ways: readonly LayerAccess[] = [
  { direct: true, loop: false },
  { direct: false, loop: false },
  { direct: true, loop: true },
  { direct: false, loop: true },
];

const content = Buffer.from("tug reads what it has written\n");

/**
 * Finds out how layers can be mounted here: a small one is mounted in each way until one works, which is when its file
 * reads right and two overlays can be stacked on it, as on that of a container in which containers run.
 *
 * @throws IMAGE_SNAPSHOTTER where none works, with what the kernel says of the first
 */
export async function probeLayers({ store, mounts, mounter }: ProbeOptions): Promise<LayerAccess> {
  const name = `probe-${randomUUID()}`;
  const [directory, path] = [join(store, name), join(mounts, name)];
  const failures: unknown[] = [];
  try {
    await writeLayer(directory);
    for (const access of ways) {
      try {
        await tryLayer(mounter, { directory, path }, access);
        return access;
      } catch (error) {
        failures.push(error);
      }
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  throw imageError("SNAPSHOTTER", `cannot use the snapshotter erofs: ${messageOf(failures[0])}`, {
    hint: "take the snapshotter overlay, which works everywhere",
  });
}

/** The file's data begin at an odd block: disks with larger ones may refuse to read from there past the page cache. */
async function writeLayer(directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o700 });
  const archive = Buffer.alloc(2 * blockSize);
  content.copy(archive, blockSize);
  const builder = createIndexBuilder();
  builder.add({ ...emptyNode("file"), size: content.length }, { device: 0, offset: blockSize });
  await writeFile(join(directory, layerFiles.archive), archive);
  await writeFile(join(directory, layerFiles.index), Buffer.concat([...builder.write([archive.length])]));
}

async function tryLayer(
  mounter: LayerMounter,
  layer: { directory: string; path: string },
  access: LayerAccess,
): Promise<void> {
  await mkdir(layer.path, { recursive: true, mode: 0o700 });
  try {
    await mounter.mount(layer, access);
    const found = await readFile(join(layer.path, "file"));
    if (!found.equals(content)) throw new Error("the file of a layer reads as something else");
    await mounter.stack(layer.path, `${layer.path}-stack`);
  } finally {
    await mounter.unmount(layer.path);
  }
}
