import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { imageFilterNames, selectImages } from "./list-filters.ts";
import { nameOf } from "./references.ts";
import { renderHistory, renderImageInspect, renderImageSummary } from "./render-image.ts";
import type { ImagesHandler } from "./routes.ts";

/** GET /images/json */
export const listImages: ImagesHandler = async (images, request) => {
  const filters = dockerApi.parseFilters(request.query.text("filters"), imageFilterNames);
  const selected = selectImages(await images.list(), filters);
  return json(selected.map((image) => renderImageSummary(image, request.version)));
};

/** GET /images/{name}/json */
export const inspectImage: ImagesHandler = async (images, request) => {
  const platform = request.version < 49 ? undefined : request.query.text("platform");
  const wanted = platform === undefined ? undefined : dockerApi.parsePlatform(platform);
  return json(renderImageInspect(await images.get(nameOf(request), wanted), request.version));
};

/** GET /images/{name}/history */
export const history: ImagesHandler = async (images, request) => {
  return json((await images.history(nameOf(request))).map(renderHistory));
};
