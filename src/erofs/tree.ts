import type { ByteString } from "../tar/index.ts";
import type { AttributeTable } from "./attributes.ts";
import type { InodeTable } from "./inode-table.ts";

/** The files that an index is made of. An inode that no name leads to is none of them. */
export type Tree = {
  readonly inodes: InodeTable;
  /** Inode of each path, that of the root being empty; every parent is there and a directory. */
  readonly names: Map<ByteString, number>;
  /** Of symbolic links. */
  readonly targets: Map<number, ByteString>;
  readonly attributes: AttributeTable;
  /** Numbers in `attributes`, of inodes with any. */
  readonly attributesOf: Map<number, readonly number[]>;
};
