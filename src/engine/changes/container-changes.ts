import { decodeListing } from "../../images/index.ts";
import { type Op, type Plan, packFlags, type Slot } from "../../plan/index.ts";
import type { ByteString, Node } from "../../tar/index.ts";
import { type FileFacts, parseFileFacts } from "../archive/describe.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { layersMount } from "../containers/user-files.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import { mountPoints } from "../images/mount-points.ts";
import type { FileChange } from "../model/file-change.ts";
import { receiveRecords } from "../trees.ts";
import { compareToImage, type ImageFiles } from "./compare.ts";

/** So many files are looked at with one plan. */
const BATCH = 2000;

/** More changes are not counted: no answer of that size would be of use. */
const MOST = 2_000_000;

/**
 * Whether a file or directory was made only for something to be mounted on: where an image hides the tree that has all of
 * them, a container gets them made when it is started.
 */
export function isMountPoint({ path, type, size }: Pick<Node, "path" | "type" | "size">): boolean {
  return mountPoints.has(path) && (type === "directory" || size === 0);
}

/**
 * How a container's files differ from those of its image.
 *
 * @throws ENGINE_UNSUPPORTED for a view of the host's files, which keeps what is written in memory
 */
export async function containerChanges(
  context: EngineContext,
  record: ContainerRecord,
): Promise<FileChange[]> {
  const { source, layers } = await context.images.root(record.id);
  if (source.kind !== "overlay" || source.upper === undefined) {
    const what = `cannot compare container ${record.name} with its image`;
    throw engineError("UNSUPPORTED", `${what}: what it writes is kept in memory`, {
      hint: "look at single files with: tug exec or tug cp",
    });
  }
  const written = (await readListing(context, openOp(source.upper), "")).filter(
    (node) => !isMountPoint(node),
  );
  return compareToImage(written, imageFiles(context, layers.slice(1)));
}

function imageFiles(context: EngineContext, lowers: readonly string[]): ImageFiles {
  const open = layersMount(lowers, root);
  return {
    async describe(paths) {
      const found = new Map<ByteString, FileFacts>();
      for (let at = 0; at < paths.length; at += BATCH) {
        const batch = paths.slice(at, at + BATCH);
        const { data } = await context.helper.execute(hostPlan([open, ...batch.map(lookOp)]));
        for (const [tag, bytes] of data) found.set(batch[tag - 1] ?? "", parseFileFacts(bytes));
      }
      return found;
    },
    async names(path) {
      const nodes = await readListing(context, open, path);
      return nodes.map((node) => node.path).filter((below) => below !== "" && !below.includes("/"));
    },
  };
}

async function readListing({ helper }: EngineContext, open: Op, path: ByteString): Promise<Node[]> {
  const records = 1 as Slot;
  const flags = packFlags.LISTING;
  const plan = hostPlan([
    open,
    { op: "inherit", from: "listing", fd: 3, out: records },
    { op: "packTree", from: "listing", directory: root, path: textOf(path), records, flags },
  ]);
  const nodes: Node[] = [];
  for await (const node of decodeListing(receiveRecords(helper, plan))) {
    nodes.push(node);
    if (nodes.length > MOST) {
      throw engineError("UNSUPPORTED", `cannot compare a container with its image: more than ${MOST} files`);
    }
  }
  return nodes;
}

const root = 0 as Slot;

function openOp(path: string): Op {
  return { op: "openFile", from: "container's layer", path, flags: 0, out: root };
}

function lookOp(path: ByteString, index: number): Op {
  return {
    op: "statInRoot",
    from: "image",
    root,
    path: textOf(path),
    tag: index + 1,
    ignore: ["ENOENT", "ENOTDIR"],
  };
}

/** Names that are no UTF-8 cannot be asked for: they count as added. */
function textOf(path: ByteString): string {
  return Buffer.from(path, "latin1").toString();
}

function hostPlan(host: Op[]): Plan {
  return { host, stage: [], init: [] };
}
