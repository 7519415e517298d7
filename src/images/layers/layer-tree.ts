import type { ByteString, Node } from "../../tar/index.ts";
import { entryError, joinPath } from "./path.ts";

/**
 * What is known of a place that the layer has written so far. A directory that is only implied by a name below it has
 * no node. `opaque`: nothing that lower layers have in it shows. `fresh`: not even the directory is one of theirs.
 */
export type Place =
  | { kind: "directory"; node: Node | undefined; opaque: boolean; fresh: boolean }
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
   * @returns the path, and the directories that this implies for the first time, the outermost first
   */
  resolveDirectory(
    parts: readonly ByteString[],
    name: ByteString,
  ): { path: ByteString; implied: ImpliedDirectory[] };
  /** Everything known, parents before what is in them. */
  places(): Iterable<[ByteString, Place]>;
}

/** `fresh`: it took the place of a whiteout, so that nothing of lower layers shows. */
export type ImpliedDirectory = { path: ByteString; fresh: boolean };

/** So many symbolic links the kernel follows for one path. */
const maxLinks = 40;

export function createLayerTree(depth: number): LayerTree {
  const places = new Map<ByteString, Place>([
    ["", { kind: "directory", node: undefined, opaque: false, fresh: false }],
  ]);

  function resolveDirectory(parts: readonly ByteString[], name: ByteString) {
    const implied: ImpliedDirectory[] = [];
    // Nothing but a directory ever takes the place of one, so that no link can lie above a known directory.
    const known = parts.join("/");
    if (places.get(known)?.kind === "directory") return { path: known, implied };
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
      if (place?.kind !== "directory") {
        const fresh = place?.kind === "whiteout";
        places.set(next, { kind: "directory", node: undefined, opaque: fresh, fresh });
        implied.push({ path: next, fresh });
      }
      path = next;
    }
    return { path, implied };
  }

  return {
    get: (path) => places.get(path),
    set: (path, place) => void places.set(path, place),
    places: () => places,
    resolveDirectory,
  };
}

/** The components of a link's target; here ".." is legal and stops at the root. */
function splitTarget(target: ByteString, depth: number): ByteString[] {
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length > depth) throw entryError(target, "the target of a symbolic link is too deep");
  return parts;
}
