import { formatReference, parseTag } from "../../images/index.ts";
import type { Slot } from "../../plan/index.ts";
import { layersMount } from "../containers/user-files.ts";
import type { SquashRequest } from "../model/image-view.ts";
import type { ImageServiceParts } from "./service.ts";
import { references } from "./view.ts";

/**
 * Makes an image of another one, with one layer in the place of several and the same files.
 * @returns the id of the image
 */
export async function squashImage(
  { images, trees, events }: ImageServiceParts,
  request: SquashRequest,
  signal: AbortSignal,
): Promise<string> {
  const name = request.name && formatReference(parseTag(request.name, references));
  const image = await images.squash({
    ...request,
    name,
    pack: (directories) => trees.packMount(layersMount(directories, 0 as Slot), {}, signal),
    list: (directory) => trees.list(directory, signal),
    signal,
  });
  events.publish({ type: "image", action: "create", id: image.id, attributes: { name: name ?? image.id } });
  return image.id;
}
