import { dockerApi } from "../../../../specs/index.ts";
import type { StreamAnswer } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import type { DoorRequest } from "../../route.ts";
import { progressLines } from "../../streams/json-lines.ts";
import { mapPieces, started } from "../../streams/pieces.ts";
import { importImage } from "./import.ts";
import type { ImagesPort } from "./port.ts";
import { joinReference, nameOf } from "./references.ts";
import { renderLoadEvent, renderPullEvent } from "./render-progress.ts";
import { renderPushEvent } from "./render-push.ts";
import type { ImagesHandler } from "./routes.ts";

/** POST /images/create: fetches an image from a registry, or makes one from an archive. */
export const pullImage: ImagesHandler = async (images, request) => {
  const { query } = request;
  const repository = query.text("fromImage");
  if (repository === undefined) {
    if (query.text("fromSrc") === undefined) {
      throw doorError("QUERY", "cannot create an image: neither fromImage nor fromSrc is given");
    }
    return progress(await started(importImage(images, request, platformOf(request, 32))));
  }
  const pull = {
    reference: joinReference(repository.replace(/:$/, ""), query.text("tag")),
    platform: platformOf(request, 32),
    allPlatforms: query.flag("all-platforms"),
    auth: authOf(request),
  };
  const events = await started(images.pull(pull, request.signal));
  return progress(mapManyPieces(events, renderPullEvent));
};

/** POST /images/{name}/push: sends an image to a registry; without a tag all images of the name. */
export const pushImage: ImagesHandler = async (images, request) => {
  const tag = request.query.text("tag");
  const push = {
    reference: joinReference(nameOf(request), tag),
    allTags: tag === undefined && !dockerApi.splitReference(nameOf(request)).suffix,
    platform: platformOf(request, 46),
    auth: authOf(request),
  };
  const events = await started(images.push(push, request.signal));
  return progress(mapManyPieces(events, renderPushEvent));
};

/** POST /images/load: takes in an archive. */
export const loadImages: ImagesHandler = async (images, request) => {
  const events = images.load(request.body.stream, { platform: platformOf(request, 48) }, request.signal);
  const quiet = request.query.flag("quiet", true);
  return progress(mapPieces(await started(events), (event) => renderLoadEvent(event, quiet)));
};

/** GET /images/{name}/get */
export const saveImage: ImagesHandler = (images, request) => save(images, request, [nameOf(request)]);

/** GET /images/get */
export const saveImages: ImagesHandler = (images, request) => {
  const names = request.query.all("names").flatMap((text) => text.split(","));
  if (names.length === 0) throw doorError("QUERY", "cannot save images: the parameter names is missing");
  return save(images, request, names);
};

async function save(
  images: ImagesPort,
  request: DoorRequest,
  names: readonly string[],
): Promise<StreamAnswer> {
  const archive = await images.save(names, { platform: platformOf(request, 48) }, request.signal);
  return { kind: "stream", type: dockerApi.mediaTypes.tar, pieces: await started(archive) };
}

function progress(messages: AsyncIterable<dockerApi.ProgressMessage>): StreamAnswer {
  return { kind: "stream", type: dockerApi.mediaTypes.json, pieces: progressLines(messages) };
}

/** What X-Registry-Auth carries. */
export function authOf({ headers }: DoorRequest): dockerApi.RegistryAuth | undefined {
  const auth = headers["x-registry-auth"];
  return dockerApi.parseRegistryAuth(Array.isArray(auth) ? auth[0] : auth);
}

/** The platform parameter, which an endpoint has since some version. */
function platformOf(
  { query, version }: DoorRequest,
  since: dockerApi.ApiVersion,
): dockerApi.Platform | undefined {
  const text = version < since ? undefined : query.text("platform");
  return text === undefined ? undefined : dockerApi.parsePlatform(text);
}

async function* mapManyPieces<T, R>(
  source: AsyncIterable<T>,
  map: (item: T) => readonly R[],
): AsyncGenerator<R> {
  for await (const item of source) yield* map(item);
}
