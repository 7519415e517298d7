import type { imageModel } from "../../../../engine/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import { mapPieces, started } from "../../streams/pieces.ts";
import type { ImagesHandler } from "./routes.ts";

/** A certificate with its chain, a key and a file of users. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** POST /tug/registry/serve: a registry for as long as the connection lasts. */
export const serveRegistry: ImagesHandler = async (images, request) => {
  const body = dockerApi.parseServeRegistryBody(await request.body.json(MAX_BODY_BYTES));
  const { Certificate: certificate, Key: key, Users: text } = body;
  const settings = {
    listen: body.Listen,
    name: body.Name,
    tls: certificate === undefined || key === undefined ? undefined : { certificate, key },
    plainHttp: body.PlainHttp,
    users: text === undefined ? undefined : { text, file: body.UsersFile ?? "the request" },
    readOnly: body.ReadOnly,
    mirror: body.Mirror,
  };
  const events = await started(images.serveRegistry(settings, request.signal));
  const pieces = mapPieces(events, (event) => `${JSON.stringify(renderEvent(event))}\n`);
  return { kind: "stream", type: dockerApi.mediaTypes.json, pieces };
};

function renderEvent(event: imageModel.RegistryEvent): dockerApi.RegistryMessage {
  if (event.kind === "listening") return { Listening: { Url: event.url, Name: event.name } };
  return {
    Request: {
      Time: event.time,
      Remote: event.remote,
      User: event.user,
      Method: event.method,
      Path: event.path,
      Status: event.status,
      Bytes: event.bytes,
      Milliseconds: event.milliseconds,
      Reason: event.reason,
    },
  };
}
