// Pulls an image into a store that does not wait for the disk, makes a container's snapshot unless it is to be alone, says
// so and waits: node power-child.ts DIRECTORY REFERENCE overlay|erofs BOOT [alone]
import { setTimeout as sleep } from "node:timers/promises";
import { openAt, withLayers } from "./store.ts";

const [directory = "", reference = "", form, bootId = "", alone] = process.argv.slice(2);
const disk = { bootId, sync: async () => {} };
const layers = withLayers(directory, form === "erofs" ? "erofs" : "overlay");
const { images } = await openAt(directory, {}, { ...layers, disk });
const { image } = await images.pull(reference);
if (alone === undefined) {
  await images.prepareContainerSnapshot("container", image.chainIds.at(-1));
  // As when the container is put on record: what was written before it in the database is on the disk then.
  await images.retain("container", image.manifest.digest);
}
console.log("pulled");
await sleep(60_000);
