import { encodeTree, readArchive } from "../../images/index.ts";
import { type Op, unpackFlags } from "../../plan/index.ts";
import { planInRoot, type RootView } from "../../runtime/index.ts";
import type { TreePiece } from "../../tar/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { resolveUser } from "../containers/user.ts";
import { readProcessUserFiles, readUserFiles } from "../containers/user-files.ts";
import type { EngineContext } from "../context.ts";
import { sendRecords } from "../trees.ts";
import { pathFailure } from "./failure.ts";

export type WriteOptions = {
  /** An existing directory in the container; links to it are followed. */
  readonly path: string;
  /** A directory does not take another file's place. */
  readonly keepKinds: boolean;
  /** Everything belongs to the container's user, whatever the archive says. */
  readonly asUser: boolean;
};

export type WritePath = {
  readonly record: ContainerRecord;
  readonly view: RootView;
  readonly options: WriteOptions;
  readonly archive: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
};

/**
 * Unpacks a tar archive, compressed or not, into a directory of a container. Nothing in it can lead out of that directory:
 * neither its names nor links that it brings or finds.
 *
 * @throws ENGINE_PATH_NOT_FOUND, ENGINE_PATH, ENGINE_PATH_READ_ONLY, TAR_*, IMAGE_*
 */
export async function writePath(context: EngineContext, writing: WritePath): Promise<void> {
  const { record, view, options, archive, signal } = writing;
  const { path, keepKinds, asUser } = options;
  const plan = planInRoot(view, ({ slot }) => {
    const records = slot();
    const flags = keepKinds ? unpackFlags.KEEP_KINDS : 0;
    return {
      prepare: [{ op: "inherit", from: "archive", fd: 3, out: records }],
      work: (directory): Op[] => [{ op: "unpackTree", from: "archive", directory, records, path, flags }],
    };
  });
  const owner = asUser ? await ownerOf(context, record, view) : undefined;
  const source = encodeTree(owned(readArchive(archive), owner));
  try {
    await sendRecords(context.helper, plan, { source, signal });
  } catch (error) {
    throw pathFailure(error, record, path);
  }
}

type Owner = { readonly uid: number; readonly gid: number };

async function* owned(pieces: AsyncIterable<TreePiece>, owner: Owner | undefined): AsyncGenerator<TreePiece> {
  for await (const piece of pieces) {
    if (piece.kind === "data" || owner === undefined) yield piece;
    else yield { kind: "node", node: { ...piece.node, ...owner } };
  }
}

/** The container's user, if it has another than root. */
async function ownerOf(
  { helper, images }: EngineContext,
  { id, request, image }: ContainerRecord,
  view: RootView,
): Promise<Owner | undefined> {
  const text = request.user || image.defaults.User || "";
  if (text === "") return undefined;
  const files =
    view.kind === "process"
      ? await readProcessUserFiles(helper, view)
      : await readUserFiles(helper, (await images.root(id)).layers);
  const { uid, gid } = resolveUser(text, [], files);
  return { uid, gid };
}
