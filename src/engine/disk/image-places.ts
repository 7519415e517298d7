import { readConfig } from "../../config/index.ts";
import type { Images } from "../../images/index.ts";
import type { EngineContext } from "../context.ts";
import type { SpacePlace } from "../model/image-view.ts";
import { diskImages } from "./engine-port.ts";
import type { ImageUses } from "./image-uses.ts";
import { orderImages } from "./order.ts";

export type ImagePlacesOptions = {
  readonly context: EngineContext;
  readonly images: Images;
  readonly uses: ImageUses;
  /** The file of the configuration. */
  readonly config: string | undefined;
};

/** In which order images would go, by id; with a budget or without. @throws CONFIG_FILE */
export async function imagePlaces({
  config,
  ...parts
}: ImagePlacesOptions): Promise<ReadonlyMap<string, SpacePlace>> {
  const { disk } = await readConfig(config);
  const places = orderImages(diskImages(parts), { ...disk, now: Date.now() });
  return new Map(
    places.map(({ image: { id, lastUsed }, stays }, index) => [
      id,
      { lastUsed, stays, turn: stays === undefined ? index + 1 : undefined },
    ]),
  );
}
