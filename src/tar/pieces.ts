import type { ByteString } from "./bytes.ts";

/** A point in time: whole seconds since the epoch, which may be negative, and 0 to 999999999 nanoseconds. */
export type Time = { readonly seconds: number; readonly nanoseconds: number };

/** What kinds of files a tree has. */
export type NodeType = "directory" | "file" | "symlink" | "hardLink" | "charDevice" | "blockDevice" | "fifo";

/** One file of a tree and all that is known of it but its bytes. */
export type Node = {
  readonly type: NodeType;
  readonly path: ByteString;
  /** Target of a symbolic link, or path of the first name for a hard link; else empty. */
  readonly link: ByteString;
  /** Permission bits, set-id bits and the sticky bit: 07777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Time;
  /** Bytes of data that follow; 0 for all but files. */
  readonly size: number;
  /** Device number of a device node. */
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<ByteString, Uint8Array>;
};

/** A tree as a stream: each node of type file is followed by exactly `size` bytes in data pieces. */
export type TreePiece =
  | { readonly kind: "node"; readonly node: Node }
  | { readonly kind: "data"; readonly data: Buffer };

/** No extended attributes. */
export const noXattrs: ReadonlyMap<ByteString, Uint8Array> = new Map();

/** A regular file without content, owner or rights. */
export function emptyNode(path: ByteString): Node {
  return {
    type: "file",
    path,
    link: "",
    mode: 0,
    uid: 0,
    gid: 0,
    mtime: { seconds: 0, nanoseconds: 0 },
    size: 0,
    major: 0,
    minor: 0,
    xattrs: noXattrs,
  };
}
