import {
  chmod,
  type FileHandle,
  lchown,
  link,
  lstat,
  lutimes,
  mkdir,
  open,
  symlink,
  unlink,
} from "node:fs/promises";
import { errnoOf, reasonOf, TugError } from "../../base/index.ts";
import { type ByteString, createTarReader, type Node, quoteBytes } from "../../tar/index.ts";
import { cliError } from "../errors.ts";

export type WriteTree = {
  /** An existing directory, absolute. */
  readonly directory: string;
  /** The path below that directory that a path of the archive becomes. */
  readonly rename: (path: ByteString) => ByteString;
  /** Owners and set-id bits are kept; else everything belongs to the caller. */
  readonly owners: boolean;
};

type Made = { readonly place: Buffer; readonly node: Node };

/** What is known while an archive is unpacked. */
type State = WriteTree & {
  /** Directories below the given one that are no links, by path. */
  readonly safe: Set<ByteString>;
  /** Directories, whose times are set when nothing is made in them any more. */
  readonly directories: Made[];
  file: (Made & { readonly handle: FileHandle }) | undefined;
};

/**
 * Unpacks an archive that a container has made, which may be hostile: nothing is made outside of the directory, whatever
 * names, links and link targets the archive brings. Devices are refused.
 *
 * @returns the bytes of the files
 * @throws CLI_COPY, TAR_ARCHIVE
 */
export async function writeTree(archive: AsyncIterable<Uint8Array>, options: WriteTree): Promise<number> {
  const state: State = { ...options, safe: new Set([""]), directories: [], file: undefined };
  const reader = createTarReader();
  let bytes = 0;
  try {
    for await (const chunk of archive) {
      for (const piece of reader.push(chunk)) {
        if (piece.kind === "node") await makeNode(state, piece.node);
        else {
          bytes += piece.data.length;
          await writeData(state, piece.data);
        }
      }
    }
    reader.end();
    await finishFile(state);
    for (const made of state.directories.reverse()) await setTime(made);
  } finally {
    await state.file?.handle.close();
  }
  return bytes;
}

async function makeNode(state: State, entry: Node): Promise<void> {
  await finishFile(state);
  const path = state.rename(cleanPath(entry.path));
  const place = placeOf(state, path);
  try {
    await makeParents(state, path);
    await make(state, { place, node: { ...entry, path } });
  } catch (error) {
    if (error instanceof TugError) throw error;
    throw refuse(place, reasonOf(error), error);
  }
}

async function make(state: State, made: Made): Promise<void> {
  const { place, node } = made;
  switch (node.type) {
    case "directory":
      // The directory that was named is there, and stays as it is.
      if (node.path === "") return;
      await makeDirectory(state, node.path);
      await setOwner(state, made);
      await chmod(place, modeOf(state, node));
      state.directories.push(made);
      return;
    case "file":
      await clear(place);
      state.file = { ...made, handle: await open(place, "wx", 0o600) };
      return;
    case "symlink":
      await clear(place);
      await symlink(Buffer.from(node.link, "latin1"), place);
      await setOwner(state, made);
      await setTime(made);
      return;
    case "hardLink": {
      const first = state.rename(cleanPath(node.link));
      // A link in the way to the first name would lead out of the directory.
      await checkParents(state, first);
      await clear(place);
      await link(placeOf(state, first), place);
      return;
    }
    default:
      throw refuse(place, "devices and FIFOs are not copied");
  }
}

async function writeData({ file }: State, data: Buffer): Promise<void> {
  try {
    await file?.handle.writeFile(data);
  } catch (error) {
    throw refuse(file?.place ?? Buffer.alloc(0), reasonOf(error), error);
  }
}

/** Owner before mode: a change of the owner takes set-id bits away. The time comes last, after the last byte. */
async function finishFile(state: State): Promise<void> {
  const { file } = state;
  if (file === undefined) return;
  state.file = undefined;
  await file.handle.close();
  await setOwner(state, file);
  await chmod(file.place, modeOf(state, file.node));
  await setTime(file);
}

/** Names of an archive are relative to its directory, whether they begin with a slash or not. */
function cleanPath(path: ByteString): ByteString {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..") || path.includes("\0")) {
    throw cliError("COPY", `cannot copy ${quoteBytes(path)}: the name leads out of its directory`);
  }
  return parts.join("/");
}

function placeOf({ directory }: State, path: ByteString): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(path, "latin1")]);
}

/** Makes the directories above a path; what is there must be directories and no links. */
async function makeParents(state: State, path: ByteString): Promise<void> {
  const parts = path.split("/").slice(0, -1);
  for (let count = 1; count <= parts.length; count += 1) {
    await makeDirectory(state, parts.slice(0, count).join("/"));
  }
}

async function checkParents(state: State, path: ByteString): Promise<void> {
  const parts = path.split("/").slice(0, -1);
  for (let count = 1; count <= parts.length; count += 1) {
    await checkDirectory(state, parts.slice(0, count).join("/"));
  }
}

async function makeDirectory(state: State, path: ByteString): Promise<void> {
  if (state.safe.has(path)) return;
  try {
    await mkdir(placeOf(state, path), { mode: 0o755 });
    state.safe.add(path);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    await checkDirectory(state, path);
  }
}

async function checkDirectory(state: State, path: ByteString): Promise<void> {
  if (state.safe.has(path)) return;
  const place = placeOf(state, path);
  if (!(await lstat(place)).isDirectory()) throw refuse(place, "something other than a directory is there");
  state.safe.add(path);
}

/** Removes what stands in the way of a file; a directory stays and is refused. */
async function clear(place: Buffer): Promise<void> {
  const found = await lstat(place).catch((error: unknown) => {
    if (errnoOf(error) !== "ENOENT") throw error;
  });
  if (found === undefined) return;
  if (found.isDirectory()) throw refuse(place, "a directory is there");
  await unlink(place);
}

async function setOwner({ owners }: State, { place, node }: Made): Promise<void> {
  if (owners) await lchown(place, node.uid, node.gid);
}

/** A program that runs as its owner is not for a file that has just got another one. */
function modeOf({ owners }: State, { mode }: Node): number {
  return owners ? mode : mode & 0o1777;
}

async function setTime({ place, node }: Made): Promise<void> {
  const seconds = node.mtime.seconds + node.mtime.nanoseconds / 1e9;
  await lutimes(place, seconds, seconds);
}

function refuse(place: Buffer, reason: string, cause?: unknown): TugError {
  return cliError("COPY", `cannot write ${place.toString()}: ${reason}`, { cause });
}
