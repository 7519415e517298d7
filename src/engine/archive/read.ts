import { decodeTree } from "../../images/index.ts";
import { type Op, packFlags } from "../../plan/index.ts";
import { planInRoot, type RootView } from "../../runtime/index.ts";
import { byteStringOf, type Node, type TreePiece, writeTar } from "../../tar/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";
import { receiveRecords } from "../trees.ts";
import { baseName } from "./describe.ts";
import { pathFailure } from "./failure.ts";

export type ReadPath = {
  readonly record: ContainerRecord;
  readonly view: RootView;
  readonly path: string;
  readonly signal: AbortSignal;
};

/**
 * What is at a path in a container as a tar archive: a file under its name, a directory with all below it, `DIR/.` without
 * the directory's name. A link at the end of the path is in the archive as such.
 */
export async function* readPath(
  { helper }: EngineContext,
  { record, view, path, signal }: ReadPath,
): AsyncGenerator<Uint8Array> {
  const plan = planInRoot(view, ({ slot }) => {
    const records = slot();
    const flags = packFlags.NO_KERNEL_FILES;
    return {
      prepare: [{ op: "inherit", from: "archive", fd: 3, out: records }],
      work: (directory): Op[] => [{ op: "packTree", from: "path", directory, path, records, flags }],
    };
  });
  const name = baseName(path);
  const prefix = name === "/" || name === "." ? "" : byteStringOf(name);
  try {
    yield* writeTar(renamed(decodeTree(receiveRecords(helper, plan, signal)), prefix));
  } catch (error) {
    throw pathFailure(error, record, path);
  }
}

async function* renamed(pieces: AsyncIterable<TreePiece>, prefix: string): AsyncGenerator<TreePiece> {
  for await (const piece of pieces) {
    if (piece.kind === "data") yield piece;
    else yield { kind: "node", node: under(prefix, piece.node) };
  }
}

/** A file with its path, and the first name of a hard link, below another directory. */
function under(prefix: string, node: Node): Node {
  if (prefix === "") return node;
  const below = (path: string): string => (path === "" ? prefix : `${prefix}/${path}`);
  return { ...node, path: below(node.path), link: node.type === "hardLink" ? below(node.link) : node.link };
}
