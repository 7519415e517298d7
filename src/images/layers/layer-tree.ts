import type { ByteString } from "./bytes.ts";
import { entryError, joinPath } from "./path.ts";
import type { Node } from "./pieces.ts";

/**
 * What is known of a place that the layer has written so far. A directory that is only implied by a name below it has
 * no node. `opaque`: nothing of lower layers shows through.
 */
export type Place =
  | { kind: "directory"; node: Node | undefined; opaque: boolean }
  | { kind: "symlink"; target: ByteString }
  | { kind: "whiteout" }
  | { kind: "other" };

/** The files that one layer has made so far, by path. */
export interface LayerTree {
  get(path: ByteString): Place | undefined;
  set(path: ByteString, place: Place): void;
  /**
   * The real path of a directory of the layer, symbolic links of this layer followed inside its root, and what is
   * missing made known as implied directories.
   * @returns the path, and the whiteouts on the way that had to become directories, the outermost first
   */
  resolveDirectory(
    parts: readonly ByteString[],
    name: ByteString,
  ): { path: ByteString; uncovered: ByteString[] };
}

/** So many symbolic links the kernel follows for one path. */
const maxLinks = 40;

export function createLayerTree(depth: number): LayerTree {
  const places = new Map<ByteString, Place>([["", { kind: "directory", node: undefined, opaque: false }]]);

  function resolveDirectory(parts: readonly ByteString[], name: ByteString) {
    const uncovered: ByteString[] = [];
    // Nothing but a directory ever takes the place of one, so that no link can lie above a known directory.
    const known = parts.join("/");
    if (places.get(known)?.kind === "directory") return { path: known, uncovered };
    const rest = [...parts].reverse();
    let path = "";
    for (let links = 0, part = rest.pop(); part !== undefined; part = rest.pop()) {
      if (part === "..") {
        path = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
        continue;
      }
      const next = joinPath(path, part);
      const place = places.get(next);
      if (place?.kind === "other") throw entryError(name, "a file of the same layer is in its way");
      if (place?.kind === "symlink") {
        links += 1;
        if (links > maxLinks) throw entryError(name, "too many symbolic links on its way");
        if (place.target.startsWith("/")) path = "";
        rest.push(...splitTarget(place.target, depth).reverse());
        continue;
      }
      if (place === undefined) places.set(next, { kind: "directory", node: undefined, opaque: false });
      if (place?.kind === "whiteout") {
        places.set(next, { kind: "directory", node: undefined, opaque: true });
        uncovered.push(next);
      }
      path = next;
    }
    return { path, uncovered };
  }

  return {
    get: (path) => places.get(path),
    set: (path, place) => void places.set(path, place),
    resolveDirectory,
  };
}

/** The components of a link's target; here ".." is legal and stops at the root. */
function splitTarget(target: ByteString, depth: number): ByteString[] {
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length > depth) throw entryError(target, "the target of a symbolic link is too deep");
  return parts;
}
