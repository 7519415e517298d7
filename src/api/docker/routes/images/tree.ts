import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import type { TreeOfImage } from "./port.ts";
import { nameOf } from "./references.ts";
import type { ImagesHandler } from "./routes.ts";

/** GET /tug/images/{name}/tree */
export const treeOfImage: ImagesHandler = async (images, request) =>
  json(render(await images.tree(nameOf(request))));

/** GET /tug/images/{name}/diff: what differs in the files of another image, as GET /containers/{id}/changes tells it. */
export const compareImages: ImagesHandler = async (images, request) => {
  const other = request.query.text("with");
  if (other === undefined)
    throw doorError("QUERY", "cannot compare the image: the parameter with is missing");
  const found = await images.compare(nameOf(request), other, request.signal);
  return json(found.map(({ path, kind }): dockerApi.ImageDifference => ({ Path: path, Kind: kinds[kind] })));
};

const kinds = { changed: 0, added: 1, deleted: 2 } as const;

function render(tree: TreeOfImage): dockerApi.ImageTree {
  const { kind, mediaType, digest, size, platform, about, isHere, isUnpacked, children } = tree;
  return {
    Kind: kind,
    MediaType: mediaType,
    Digest: digest,
    Size: size,
    Platform: platform && dockerApi.formatPlatform(platform),
    About: about,
    Here: isHere,
    Unpacked: isUnpacked,
    Children: children.map(render),
  };
}
