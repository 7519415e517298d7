import { json } from "../../answer.ts";
import { joinReference, nameOf } from "./references.ts";
import type { ImagesHandler } from "./routes.ts";

/** POST /tug/images/{name}/squash: an image of fewer layers, named by `repo` and `tag` or not at all. */
export const squashImage: ImagesHandler = async (images, request) => {
  const repository = request.query.text("repo");
  const name = repository === undefined ? undefined : joinReference(repository, request.query.text("tag"));
  return json(
    {
      Id: await images.squash(
        { image: nameOf(request), from: request.query.text("from"), name },
        request.signal,
      ),
    },
    201,
  );
};
