// Pulls and removes images for ever, until it is killed: node crash-child.ts DIRECTORY HOST SEED overlay|erofs
import { openAt, withLayers } from "./store.ts";

const [directory = "", host = "", seed = "1", form] = process.argv.slice(2);
const { images } = await openAt(directory, {}, withLayers(directory, form === "erofs" ? "erofs" : "overlay"));
let state = Number(seed);

/** A number from 0 to `limit` - 1; the same seed gives the same work. */
function random(limit: number): number {
  state = (state * 1103515245 + 12345) % 2 ** 31;
  return Math.floor((state / 2 ** 31) * limit);
}

async function work(): Promise<void> {
  for (;;) {
    const name = `${host}/image:${random(4)}`;
    if (random(3) > 0) await images.pull(name);
    else await images.remove(name, { force: true }).catch(() => undefined);
  }
}

console.log("ready");
await Promise.all([work(), work(), work()]);
