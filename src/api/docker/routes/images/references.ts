import type { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import type { DoorRequest } from "../../route.ts";
import type { Removed } from "./port.ts";
import type { ImagesHandler } from "./routes.ts";

/** POST /images/{name}/tag */
export const tagImage: ImagesHandler = async (images, request) => {
  const { query } = request;
  const repository = query.text("repo");
  if (repository === undefined)
    throw doorError("QUERY", "cannot tag the image: the parameter repo is missing");
  await images.tag(nameOf(request), joinReference(repository, query.text("tag")));
  return { kind: "empty", status: 201 };
};

/** DELETE /images/{name} */
export const removeImage: ImagesHandler = async (images, request) => {
  const { query } = request;
  const options = { force: query.flag("force"), prune: !query.flag("noprune") };
  const removed = await images.remove(nameOf(request), options);
  return json(removed.map(renderRemoved));
};

/** What happened to one name or image. */
export function renderRemoved(item: Removed): dockerApi.ImageDeleted {
  return "untagged" in item ? { Untagged: item.untagged } : { Deleted: item.deleted };
}

/** The image that a path names. */
export function nameOf(request: DoorRequest): string {
  return request.params.name ?? "";
}

/** A repository with a tag or, as some clients send it in the tag's place, a digest. */
export function joinReference(repository: string, tag: string | undefined): string {
  if (tag === undefined) return repository;
  return tag.includes(":") ? `${repository}@${tag}` : `${repository}:${tag}`;
}
