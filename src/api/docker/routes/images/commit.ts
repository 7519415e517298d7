import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import { joinReference } from "./references.ts";
import type { ImagesHandler } from "./routes.ts";

/** A configuration has no reason to be longer. */
const MAX_BODY_BYTES = 1024 * 1024;

/** POST /commit */
export const commitContainer: ImagesHandler = async (images, { query, body, signal }) => {
  const container = query.text("container");
  if (container === undefined) throw doorError("QUERY", "cannot make an image: the container is not named");
  const repository = query.text("repo");
  const id = await images.commit(
    {
      container,
      name: repository === undefined ? undefined : joinReference(repository, query.text("tag")),
      author: query.text("author"),
      comment: query.text("comment"),
      pause: query.text("pause") === undefined || query.flag("pause"),
      changes: query
        .all("changes")
        .flatMap((text) => text.split("\n"))
        .filter((line) => line.trim() !== ""),
      config: dockerApi.parseCommitBody(await body.json(MAX_BODY_BYTES)),
    },
    signal,
  );
  return json({ Id: id }, 201);
};
