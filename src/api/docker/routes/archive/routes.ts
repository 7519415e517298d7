import type { PathDescription } from "../../../../engine/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import { doorError } from "../../errors.ts";
import type { DoorRequest, Handler, Route } from "../../route.ts";
import { started } from "../../streams/pieces.ts";
import { idOf } from "../containers/lifecycle.ts";
import type { ArchivePort } from "./port.ts";

/** The endpoints below /containers/{id}/archive. Source: swagger.yaml, tag `Container`. */
export function archiveRoutes(files: ArchivePort): readonly Route[] {
  const path = "/containers/{id}/archive";
  return [
    { method: "HEAD", path, access: "containers:files", since: 24, handler: describePath(files) },
    { method: "GET", path, access: "containers:files", since: 24, handler: readArchive(files) },
    { method: "PUT", path, access: "containers:files", since: 24, handler: writeArchive(files) },
  ];
}

function describePath(files: ArchivePort): Handler {
  return async (request) => {
    const description = await files.describe(idOf(request), pathOf(request));
    return { kind: "text", text: "", headers: describe(description) };
  };
}

function readArchive(files: ArchivePort): Handler {
  return async (request) => {
    const { description, archive } = await files.read(idOf(request), pathOf(request), request.signal);
    const pieces = await started(archive);
    return { kind: "stream", type: "application/x-tar", pieces, headers: describe(description) };
  };
}

function writeArchive(files: ArchivePort): Handler {
  return async (request) => {
    const { query, body, signal } = request;
    const options = {
      path: pathOf(request),
      keepKinds: query.flag("noOverwriteDirNonDir"),
      asUser: query.flag("copyUIDGID"),
    };
    await files.write(idOf(request), options, { archive: body.stream, signal });
    return { kind: "empty", status: 200 };
  };
}

/** The path that a request is about, from the container's root. @throws DOCKER_QUERY */
function pathOf({ query }: DoorRequest): string {
  const path = query.text("path");
  if (path === undefined) throw doorError("QUERY", "bad parameter: 'path' cannot be empty");
  return path.startsWith("/") ? path : `/${path}`;
}

function describe(description: PathDescription): Record<string, string> {
  const { name, size, mode, modifiedAt, linkTarget } = description;
  const stat = { name, size, mode: dockerApi.goFileMode(mode), mtime: modifiedAt, linkTarget };
  return { [dockerApi.PATH_STAT_HEADER]: dockerApi.formatPathStat(stat) };
}
