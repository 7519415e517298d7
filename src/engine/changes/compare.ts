import { isOpaque, isWhiteoutNode } from "../../images/index.ts";
import type { ByteString, Node, NodeType } from "../../tar/index.ts";
import type { FileFacts } from "../archive/describe.ts";
import type { FileChange } from "../model/file-change.ts";

/** What the image has: of all paths asked for, those that exist, links at their ends not followed. */
export interface ImageFiles {
  describe(paths: readonly ByteString[]): Promise<ReadonlyMap<ByteString, FileFacts>>;
  /** Names in a directory. */
  names(path: ByteString): Promise<readonly ByteString[]>;
}

/** What a directory that the container has written to means for what the image has in it. */
type Directory =
  /** Both together. */
  | "merged"
  /** Nothing of the image shows. */
  | "opaque"
  /** The image has no such directory. */
  | "new";

const types: Readonly<Record<NodeType, number>> = {
  directory: 0o040000,
  file: 0o100000,
  symlink: 0o120000,
  hardLink: 0,
  charDevice: 0o020000,
  blockDevice: 0o060000,
  fifo: 0o010000,
};

/**
 * How a container differs from its image, by path: from what it has written, which for an overlay is everything that
 * differs. A directory of the image counts as modified when something in it has changed, as Docker has it.
 *
 * @param written files in the container's own layer, the directory itself with the empty path; parents first
 */
export async function compareToImage(written: readonly Node[], image: ImageFiles): Promise<FileChange[]> {
  const changes = new Map<ByteString, FileChange["kind"]>();
  const directories = new Map<ByteString, Directory>([["", "merged"]]);
  for (const nodes of levels(written)) {
    const known = nodes.filter(({ path }) => directories.get(parentOf(path)) !== "new");
    const facts = await image.describe(known.map(({ path }) => path));
    for (const node of nodes) {
      const before = facts.get(node.path);
      const kind = kindOf(node, before);
      if (kind !== undefined) changes.set(node.path, kind);
      if (node.type !== "directory") continue;
      const directory = directoryKind(node, before, directories.get(parentOf(node.path)) ?? "new");
      directories.set(node.path, directory);
      if (directory === "opaque") await addHidden(node.path, { nodes: written, image, changes });
    }
  }
  for (const path of [...changes.keys()]) addParents(path, changes);
  return [...changes]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, kind]) => ({ path: `/${Buffer.from(path, "latin1").toString()}`, kind }));
}

/** Files by the number of directories above them, those with the fewest first. */
function levels(nodes: readonly Node[]): Node[][] {
  const byDepth: Node[][] = [];
  for (const node of nodes) {
    if (node.path === "") continue;
    const depth = node.path.split("/").length;
    byDepth[depth] ??= [];
    byDepth[depth].push(node);
  }
  return byDepth.filter((level) => level !== undefined);
}

function kindOf(node: Node, before: FileFacts | undefined): FileChange["kind"] | undefined {
  if (isWhiteoutNode(node)) return before === undefined ? undefined : "deleted";
  if (before === undefined) return "added";
  return differs(node, before) ? "modified" : undefined;
}

function differs(node: Node, before: FileFacts): boolean {
  if (types[node.type] + node.mode !== before.mode) return true;
  if (node.uid !== before.uid || node.gid !== before.gid) return true;
  // The time of a directory tells only that something in it has changed, and that is told by itself.
  if (node.type === "directory") return false;
  const { seconds, nanoseconds } = node.mtime;
  return (
    seconds !== before.mtime.seconds ||
    nanoseconds !== before.mtime.nanoseconds ||
    (node.type === "file" && node.size !== before.size)
  );
}

function directoryKind(node: Node, before: FileFacts | undefined, parent: Directory): Directory {
  if (before === undefined || (before.mode & 0o170000) !== types.directory) return "new";
  return isOpaque(node) || parent === "opaque" ? "opaque" : "merged";
}

type Hidden = {
  nodes: readonly Node[];
  image: ImageFiles;
  changes: Map<ByteString, FileChange["kind"]>;
};

/** What the image has in an opaque directory is gone, unless it was made anew. */
async function addHidden(path: ByteString, { nodes, image, changes }: Hidden): Promise<void> {
  const written = new Set(nodes.filter((node) => !isWhiteoutNode(node)).map((node) => node.path));
  for (const name of await image.names(path)) {
    const hidden = path === "" ? name : `${path}/${name}`;
    if (!written.has(hidden)) changes.set(hidden, "deleted");
  }
}

/** The directories above a change are changed, those of the image at least. */
function addParents(path: ByteString, changes: Map<ByteString, FileChange["kind"]>): void {
  for (let parent = parentOf(path); parent !== ""; parent = parentOf(parent)) {
    if (!changes.has(parent)) changes.set(parent, "modified");
  }
}

function parentOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}
