import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import type { DoorRequest } from "../../route.ts";
import { progressLines } from "../../streams/json-lines.ts";
import { mapPieces, started } from "../../streams/pieces.ts";
import type { CopyEvent, PlaceAccess } from "./port.ts";
import { renderPushEvent } from "./render-push.ts";
import type { ImagesHandler } from "./routes.ts";
import { authOf } from "./transfer.ts";

/** Two places and what opens them. */
const MAX_COPY_BODY_BYTES = 64 * 1024;

/** POST /tug/images/copy: an image from one place to another, as it is. */
export const copyImage: ImagesHandler = async (images, request) => {
  const body = dockerApi.parseCopyBody(await request.body.json(MAX_COPY_BODY_BYTES));
  const copy = {
    source: body.Source,
    target: body.Target,
    platform: body.Platform === undefined ? undefined : dockerApi.parsePlatform(body.Platform),
    all: body.All ?? false,
    signatures: body.Signatures ?? false,
    sourceAccess: accessOfBody(body.SourceAccess),
    targetAccess: accessOfBody(body.TargetAccess),
  };
  const events = await started(images.remote.copy(copy, request.signal));
  const pieces = progressLines(mapPieces(events, renderCopyEvent));
  return { kind: "stream", type: dockerApi.mediaTypes.json, pieces };
};

/** GET /tug/images/look: the documents of an image, wherever it is. */
export const lookAtImage: ImagesHandler = async (images, request) => {
  const platform = request.query.text("platform");
  const options = {
    ...accessOf(request),
    platform: platform === undefined ? undefined : dockerApi.parsePlatform(platform),
  };
  const { root, raw, manifest, config } = await images.remote.look(placeOf(request), options, request.signal);
  const text = (data: Uint8Array) => Buffer.from(data).toString();
  const answer: dockerApi.LookedImage = {
    Digest: root.digest,
    MediaType: root.mediaType,
    Raw: text(raw),
    Manifest: text(manifest),
    Config: text(config),
  };
  return json(answer);
};

/** GET /tug/images/digest */
export const digestOfImage: ImagesHandler = async (images, request) =>
  json({ Digest: await images.remote.digest(placeOf(request), accessOf(request), request.signal) });

/** GET /tug/images/tags */
export const listTags: ImagesHandler = async (images, request) =>
  json(await images.remote.tags(placeOf(request), accessOf(request), request.signal));

/** DELETE /tug/images/remote */
export const deleteRemote: ImagesHandler = async (images, request) =>
  json({ Digest: await images.remote.delete(placeOf(request), accessOf(request), request.signal) });

/** The place that a request is about. @throws DOOR_QUERY */
export function placeOf({ query }: DoorRequest): string {
  const place = query.text("place");
  if (place !== undefined) return place;
  throw doorError("QUERY", "cannot look for an image: the parameter place is missing");
}

/** How the place of a request is spoken to. */
export function accessOf(request: DoorRequest): PlaceAccess {
  const { query } = request;
  return { auth: authOf(request), insecure: query.flag("insecure"), daemon: query.text("daemon") };
}

/** The same, of a body. */
export function accessOfBody({ Auth, Insecure, Daemon }: dockerApi.PlaceAccess = {}): PlaceAccess {
  return { auth: Auth, insecure: Insecure, daemon: Daemon };
}

function renderCopyEvent(event: CopyEvent): dockerApi.ProgressMessage | undefined {
  if (event.kind === "layer") return renderPushEvent(event)[0];
  const { digest, sizeBytes, changed } = event;
  const status = changed ? `Digest: ${digest}` : `Digest: ${digest}, which is there already`;
  return { status, aux: { Digest: digest, Size: sizeBytes, Changed: changed } };
}
