import { exportTar, formatReference, parseReference } from "../../images/index.ts";
import type { Slot } from "../../plan/index.ts";
import { layersMount } from "../containers/user-files.ts";
import type { SquashRequest } from "../model/image-view.ts";
import type { ImageServiceParts } from "./service.ts";
import { references } from "./view.ts";

/**
 * Makes an image of one layer of another one, with the same files.
 * @returns the id of the image
 */
export async function squashImage(
  { images, trees, events }: ImageServiceParts,
  request: SquashRequest,
  signal: AbortSignal,
): Promise<string> {
  const name = request.name && formatReference(parseReference(request.name, references));
  const pack = (directories: readonly string[]) =>
    exportTar(trees.packMount(layersMount(directories, 0 as Slot), {}, signal));
  const image = await images.squash({ image: request.image, name, pack, signal });
  events.publish({ type: "image", action: "create", id: image.id, attributes: { name: name ?? image.id } });
  return image.id;
}
