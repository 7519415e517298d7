import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import type { ImagesHandler } from "./routes.ts";
import { authOf } from "./transfer.ts";

/** How many a client gets, and how many it can ask for. Source: moby v28.0.0, registry/search.go */
const LIMIT = { usual: 25, most: 100 };

/** GET /images/search. Source: swagger.yaml, operation `ImageSearch` */
export const searchImages: ImagesHandler = async (images, request) => {
  const { query, signal } = request;
  const term = query.text("term");
  if (term === undefined || term === "") {
    throw doorError("QUERY", "cannot search for an image: the parameter term is missing");
  }
  const limit = query.integer("limit") || LIMIT.usual;
  if (limit < 1 || limit > LIMIT.most) {
    throw doorError("QUERY", `invalid limit ${limit}: must be between 1 and ${LIMIT.most}`);
  }
  const fits = filterOf(query.text("filters"));
  const found = await images.remote.search({ term, limit, auth: authOf(request) }, signal);
  const answer = found.map(
    (hit): dockerApi.ImageSearchHit => ({
      star_count: hit.stars,
      is_official: hit.isOfficial,
      name: hit.name,
      is_automated: hit.isAutomated,
      description: hit.description,
    }),
  );
  return json(answer.filter(fits));
};

/** @throws DOCKER_QUERY */
function filterOf(text: string | undefined): (hit: dockerApi.ImageSearchHit) => boolean {
  const filters = dockerApi.parseFilters(text, ["is-official", "is-automated", "stars"]);
  const [official, automated] = ["is-official", "is-automated"].map((name) => truth(name, filters.get(name)));
  const stars = (filters.get("stars") ?? []).map((value) => {
    if (/^\d+$/.test(value)) return Number(value);
    throw doorError("QUERY", `invalid filter 'stars=${value}': it is not a number`);
  });
  return (hit) =>
    (official === undefined || hit.is_official === official) &&
    (automated === undefined || hit.is_automated === automated) &&
    hit.star_count >= Math.max(0, ...stars);
}

function truth(name: string, [value]: readonly string[] = []): boolean | undefined {
  if (value === undefined) return undefined;
  if (["true", "1"].includes(value)) return true;
  if (["false", "0"].includes(value)) return false;
  throw doorError("QUERY", `invalid filter '${name}=${value}': it is neither true nor false`);
}
