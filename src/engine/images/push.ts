import { TugError } from "../../base/index.ts";
import {
  type Images,
  type PushProgressEvent,
  type PushResult,
  parseName,
  parseReference,
  repositoryOf,
} from "../../images/index.ts";
import type { PushEvent, PushLayerEvent, PushRequest } from "../model/image-view.ts";
import { imagePlatform, withImage } from "./container-images.ts";
import { eventsOf } from "./progress-events.ts";
import { credentialsOf } from "./registry-auth.ts";
import type { ImageServiceParts } from "./service.ts";
import { familiar, references } from "./view.ts";

/** Sends one tag, or all of a repository one after the other. */
export async function* pushImages(
  parts: ImageServiceParts,
  request: PushRequest,
  signal: AbortSignal,
): AsyncGenerator<PushEvent> {
  const { images, events } = parts;
  const repository = repositoryOf(parseName(request.reference, references));
  const names = await namesOf(images, request, repository);
  let isFirst = true;
  for (const name of names) {
    const pushing = pushOne(images, { ...request, reference: name }, signal);
    for (let step = await pushing.next(); ; step = await pushing.next()) {
      // What is wrong before anything is under way becomes a status, not a line of the stream.
      if (isFirst) yield { kind: "pushing", repository };
      isFirst = false;
      if (!step.done) {
        yield step.value;
        continue;
      }
      const { digest, size, insteadOf } = step.value;
      const { tag = digest } = parseReference(name, references);
      const short = familiar(name);
      events.publish({ type: "image", action: "push", id: short, attributes: { name: short } });
      yield { kind: "pushed", tag, digest, sizeBytes: size, insteadOf };
      break;
    }
  }
}

/** Full names; all tags of a repository in the order of their names. */
async function namesOf(images: Images, request: PushRequest, repository: string): Promise<string[]> {
  if (!request.allTags) return [request.reference];
  const names = (await images.list()).flatMap((image) => image.names);
  const found = names.filter((name) => repositoryOf(parseName(name, references)) === repository);
  return found.length > 0 ? found.toSorted() : [request.reference];
}

async function* pushOne(
  images: Images,
  { reference, platform, auth }: PushRequest,
  signal: AbortSignal,
): AsyncGenerator<PushLayerEvent, PushResult> {
  try {
    return yield* eventsOf((report: (event: PushLayerEvent) => void) =>
      images.push(reference, {
        platform: platform && imagePlatform(platform),
        credentials: auth && credentialsOf(auth),
        signal,
        onProgress: (event) => report(layerEvent(event)),
      }),
    );
  } catch (error) {
    const isHere = !(error instanceof TugError && error.code === "IMAGE_NOT_FOUND");
    throw isHere ? error : withImage(error, reference);
  }
}

/** A step of sending one layer as the doors tell it. */
export function layerEvent(event: PushProgressEvent): PushLayerEvent {
  const { id: layer, status: phase } = event;
  if (phase === "pushing") return { kind: "layer", layer, phase, done: event.current, total: event.total };
  if (phase === "mounted") return { kind: "layer", layer, phase, from: event.from };
  return { kind: "layer", layer, phase };
}
