import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { errnoOf, messageOf } from "../../base/index.ts";
import { createTarReader, type Node } from "../../tar/index.ts";
import { readChunks } from "../content/read-chunks.ts";
import { imageError } from "../errors.ts";
import { decompress, detectCompression } from "../layers/compression.ts";
import { type FileSet, missing } from "./files.ts";

const blockSize = 512;
const zeros = Buffer.alloc(256 * 1024);
const maxMembers = 100_000;
/** Links are followed so often. */
const maxHops = 8;

type Member = { readonly offset: number; readonly size: number };
type Members = { readonly files: ReadonlyMap<string, Member>; readonly links: ReadonlyMap<string, string> };

/**
 * The files of a tar archive, read where they lie; a compressed archive is expanded into a temporary file first.
 * @throws IMAGE_ARCHIVE, TAR_ARCHIVE, IMAGE_COMPRESSION
 */
export async function archiveFiles(path: string, signal?: AbortSignal): Promise<FileSet> {
  await using scope = new AsyncDisposableStack();
  const plain = await plainArchive(path, scope, signal);
  const file = scope.use(await openArchive(plain));
  const members = await indexMembers(file, signal);
  const find = (name: string): Member | undefined => {
    let current = posix.normalize(name);
    for (let hop = 0; hop < maxHops; hop += 1) {
      const found = members.files.get(current);
      if (found !== undefined) return found;
      const next = members.links.get(current);
      if (next === undefined) return undefined;
      current = next;
    }
    return undefined;
  };
  const kept = scope.move();
  return {
    place: path,
    size: async (name) => find(name)?.size,
    async *read(name, offset = 0) {
      const member = find(name);
      if (member === undefined) throw missing(path, name);
      yield* readChunks(file, { start: member.offset + offset, end: member.offset + member.size });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function openArchive(path: string) {
  try {
    const file = await open(path, "r");
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw imageError("ARCHIVE", `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  throw imageError("ARCHIVE", `cannot read ${path}: it is no regular file`);
}

async function plainArchive(
  path: string,
  scope: AsyncDisposableStack,
  signal?: AbortSignal,
): Promise<string> {
  await using file = await openArchive(path);
  const start = Buffer.alloc(16);
  await file.read(start, 0, start.length, 0);
  if (detectCompression(start) === "none") return path;
  const directory = await mkdtemp(join(tmpdir(), "tug-archive-"));
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  const expanded = join(directory, "archive.tar");
  await using target = await open(expanded, "wx", 0o600);
  for await (const chunk of decompress(readChunks(file, { signal }))) await target.writeFile(chunk);
  return expanded;
}

/**
 * Finds where the data of each member begin. The reader is fed block by block, so that the data of a member begin where
 * its header ends; the data themselves are not read, the reader gets zeros in their place.
 */
async function indexMembers(
  file: Awaited<ReturnType<typeof openArchive>>,
  signal?: AbortSignal,
): Promise<Members> {
  const files = new Map<string, Member>();
  const links = new Map<string, string>();
  const reader = createTarReader();
  const { size: end } = await file.stat();
  const block = Buffer.alloc(blockSize);
  let count = 0;
  for (let position = 0; position < end; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(block, 0, blockSize, position);
    position += bytesRead;
    if (bytesRead < blockSize) break;
    // The reader may hold on to what it is given.
    for (const piece of reader.push(Buffer.from(block))) {
      if (piece.kind === "data") continue;
      count += 1;
      if (count > maxMembers)
        throw imageError("ARCHIVE", `cannot read the archive: more than ${maxMembers} members`);
      remember(piece.node, { files, links, offset: position });
      if (piece.node.type !== "file") continue;
      if (position + piece.node.size > end)
        throw imageError("ARCHIVE", "cannot read the archive: it is cut off");
      const padded = Math.ceil(piece.node.size / blockSize) * blockSize;
      feedZeros(reader, padded);
      position += padded;
    }
  }
  reader.end();
  return { files, links };
}

function feedZeros(reader: ReturnType<typeof createTarReader>, count: number): void {
  for (let left = count; left > 0; left -= zeros.length) {
    for (const _ of reader.push(zeros.subarray(0, Math.min(left, zeros.length))));
  }
}

function remember(
  { type, path, link, size }: Node,
  { files, links, offset }: { files: Map<string, Member>; links: Map<string, string>; offset: number },
): void {
  const name = nameOf("", path);
  if (type === "file") files.set(name, { offset, size });
  else if (type === "hardLink") links.set(name, nameOf("", link));
  else if (type === "symlink") links.set(name, nameOf(posix.dirname(name), link));
}

/** A path of the archive as a name without "./"; nothing leads out of the archive. */
function nameOf(directory: string, path: string): string {
  const absolute = posix.resolve("/", directory, path);
  return Buffer.from(absolute.slice(1), "latin1").toString();
}
