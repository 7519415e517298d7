import { reasonOf } from "../../base/index.ts";
import { formatReference, parseTag } from "../../images/index.ts";
import { engineError } from "../errors.ts";
import type { ImportRequest } from "../model/image-view.ts";
import { applyChanges } from "./changes.ts";
import { imagePlatform } from "./container-images.ts";
import type { ImageServiceParts } from "./service.ts";
import { references } from "./view.ts";

type ImporterParts = {
  readonly images: Pick<ImageServiceParts["images"], "import">;
  readonly events: Pick<ImageServiceParts["events"], "publish">;
};

/**
 * Makes an image from an archive of a root file system, which may lie at an address.
 * @returns the id of the image
 */
export async function importImage(
  { images, events }: ImporterParts,
  request: ImportRequest,
  signal: AbortSignal,
): Promise<string> {
  const { source, changes, comment, platform } = request;
  const name = request.name && formatReference(parseTag(request.name, references));
  const config = applyChanges(changes);
  const archive = typeof source === "string" ? download(source, signal) : source;
  const image = await images.import(archive, {
    name,
    config,
    comment,
    platform: platform && imagePlatform(platform),
    signal,
  });
  events.publish({ type: "image", action: "import", id: image.id, attributes: { name: name ?? image.id } });
  return image.id;
}

/**
 * Asks for an address once somebody reads. The answer's body is read at once: the runtime cancels a body that nobody has
 * begun to read when its Response is collected as garbage, and a reader who comes later would find an empty one.
 */
async function* download(address: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const isAddress = URL.canParse(address) && ["http:", "https:"].includes(new URL(address).protocol);
  if (!isAddress) throw unusable(address, "it is no address that begins with http:// or https://");
  const response = await fetch(address, { signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw unusable(address, `it cannot be reached: ${reasonOf(failureOf(cause))}`, cause);
  });
  if (!response.ok || response.body === null) throw unusable(address, `it answered ${response.status}`);
  yield* response.body;
}

function unusable(address: string, reason: string, cause?: unknown) {
  return engineError("REQUEST", `cannot import ${address}: ${reason}`, { cause });
}

/** What went wrong beneath "fetch failed". */
function failureOf(error: unknown): unknown {
  return error instanceof TypeError && error.cause !== undefined ? error.cause : error;
}
