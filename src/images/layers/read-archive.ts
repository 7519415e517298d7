import { createTarReader, type Node, type TreePiece } from "../../tar/index.ts";
import { decompress } from "./compression.ts";
import { defaultLimits } from "./limits.ts";
import { entryError, splitPath } from "./path.ts";
import { cleanedXattrs } from "./translate.ts";

/**
 * The files of an archive that somebody sends, compressed or not, with paths relative to where they are to go.
 *
 * @param options.place whether an entry for that place itself counts; left out: it is there already, and stays as it is
 * @throws IMAGE_COMPRESSION, TAR_ARCHIVE; IMAGE_LAYER_ENTRY for a name with ".." or that no file can have
 */
export async function* readArchive(
  source: AsyncIterable<Uint8Array>,
  options: { readonly place?: boolean } = {},
): AsyncGenerator<TreePiece> {
  const reader = createTarReader();
  for await (const chunk of decompress(source)) {
    for (const piece of reader.push(chunk)) {
      if (piece.kind === "data") {
        yield piece;
        continue;
      }
      const node = cleaned(piece.node);
      if (node.path !== "" || options.place) yield { kind: "node", node };
    }
  }
  reader.end();
}

function cleaned(node: Node): Node {
  const path = splitPath(node.path, defaultLimits.depth).join("/");
  if (path === "" && node.type !== "directory")
    throw entryError(node.path, "only a directory can have no name");
  const link = node.type === "hardLink" ? splitPath(node.link, defaultLimits.depth).join("/") : node.link;
  return { ...node, path, link, xattrs: cleanedXattrs({ ...node, path }) };
}
