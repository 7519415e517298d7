import type { BigIntStats } from "node:fs";
import { lstat, open, readdir, readlink, stat } from "node:fs/promises";
import { type ByteString, type Node, type NodeType, noXattrs, type TreePiece } from "../../tar/index.ts";
import { cliError } from "../errors.ts";

export type LocalTree = {
  /** Absolute. */
  readonly path: string;
  /** What the file or directory is called in the tree; "": its contents, without a name of their own. */
  readonly name: string;
  /** A link at the path is followed. */
  readonly followLink: boolean;
  /** Owners are kept; else everything belongs to root. */
  readonly owners: boolean;
};

const SECOND = 1_000_000_000n;

/**
 * A file or directory of this machine as a tree, parents before their children in the order of names, hard links as such.
 * Sockets are left out.
 *
 * @throws CLI_FILE for a file that becomes shorter while it is read
 */
export async function* readLocalTree(tree: LocalTree): AsyncGenerator<TreePiece> {
  const first = new Map<string, ByteString>();
  const start = bytesOf(tree.path);
  const pending: [place: Buffer, path: ByteString][] = [[start, latin1(Buffer.from(tree.name))]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [place, path] = next;
    const look = place === start && tree.followLink ? stat : lstat;
    const found: BigIntStats = await look(place, { bigint: true });
    const node = await nodeOf({ place, path, found, first, owners: tree.owners });
    if (node === undefined) continue;
    yield { kind: "node", node };
    if (node.type === "file") yield* contentOf(place, node.size);
    if (node.type !== "directory") continue;
    const names = await readdir(place, { encoding: "buffer" });
    for (const name of names.toSorted(Buffer.compare).reverse()) {
      const below = path === "" ? latin1(name) : `${path}/${latin1(name)}`;
      pending.push([Buffer.concat([place, Buffer.from("/"), name]), below]);
    }
  }
}

type Found = {
  place: Buffer;
  path: ByteString;
  found: BigIntStats;
  /** The first names of files that have several. */
  first: Map<string, ByteString>;
  owners: boolean;
};

async function nodeOf({ place, path, found, first, owners }: Found): Promise<Node | undefined> {
  const type = typeOf(found);
  if (type === undefined) return undefined;
  const inode = `${found.dev}:${found.ino}`;
  const earlier = found.nlink > 1n && type !== "directory" ? first.get(inode) : undefined;
  if (earlier === undefined) first.set(inode, path);
  const link = type === "symlink" ? latin1(await readlink(place, { encoding: "buffer" })) : "";
  const isDevice = type === "charDevice" || type === "blockDevice";
  return {
    type: earlier === undefined ? type : "hardLink",
    path,
    link: earlier ?? link,
    mode: Number(found.mode) & 0o7777,
    uid: owners ? Number(found.uid) : 0,
    gid: owners ? Number(found.gid) : 0,
    mtime: timeOf(found.mtimeNs),
    size: type === "file" && earlier === undefined ? Number(found.size) : 0,
    major: isDevice ? majorOf(found.rdev) : 0,
    minor: isDevice ? minorOf(found.rdev) : 0,
    xattrs: noXattrs,
  };
}

function typeOf(found: BigIntStats): NodeType | undefined {
  if (found.isDirectory()) return "directory";
  if (found.isFile()) return "file";
  if (found.isSymbolicLink()) return "symlink";
  if (found.isCharacterDevice()) return "charDevice";
  if (found.isBlockDevice()) return "blockDevice";
  return found.isFIFO() ? "fifo" : undefined;
}

/** Whole seconds towards the past, so that the rest is never negative. */
function timeOf(nanoseconds: bigint): Node["mtime"] {
  const rest = ((nanoseconds % SECOND) + SECOND) % SECOND;
  return { seconds: Number((nanoseconds - rest) / SECOND), nanoseconds: Number(rest) };
}

/** Source: makedev(3) */
function majorOf(device: bigint): number {
  return Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n));
}

function minorOf(device: bigint): number {
  return Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n));
}

async function* contentOf(place: Buffer, size: number): AsyncGenerator<TreePiece> {
  if (size === 0) return;
  await using file = await open(place, "r");
  let left = size;
  while (left > 0) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(left, 256 * 1024)));
    if (bytesRead === 0) {
      throw cliError("FILE", `cannot read ${place.toString()}: it became shorter while it was read`);
    }
    left -= bytesRead;
    yield { kind: "data", data: buffer.subarray(0, bytesRead) };
  }
}

function bytesOf(path: string): Buffer {
  return Buffer.from(path);
}

function latin1(bytes: Buffer): ByteString {
  return bytes.toString("latin1");
}
