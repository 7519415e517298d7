import { type ByteString, quoteBytes } from "../tar/index.ts";
import { erofsError } from "./errors.ts";
import { maxName, roundUp, xattrEntrySize, xattrHeaderSize } from "./format.ts";

/** Numbers that stand for the beginnings of names. Those that are whole names are access control lists. */
const prefixes: readonly (readonly [prefix: ByteString, index: number])[] = [
  ["user.", 1],
  ["system.posix_acl_access", 2],
  ["system.posix_acl_default", 3],
  ["trusted.", 4],
  ["security.", 6],
];

/** The sizes of a value and, in words of four bytes, of all that is behind an inode have 16 bits. */
const maxValue = 0xffff;
const maxInline = xattrHeaderSize + 4 * 0xfffe;
/** The count of shared ones has 8 bits. */
const maxShared = 0xff;

type Entry = {
  readonly bytes: Buffer;
  /** Files that have it. */
  uses: number;
  /** Position among the shared ones. */
  offset: number;
};

/** The attributes of files. Equal ones are kept once, and stored once where several files have them. */
export interface AttributeTable {
  /** Bytes that are kept. */
  readonly size: number;
  /**
   * Adds what a file gets to what it has. Attributes that the format cannot name are left out, as by a file system that
   * has none of them.
   */
  add(
    path: ByteString,
    xattrs: ReadonlyMap<ByteString, Uint8Array>,
    before?: readonly number[],
  ): readonly number[];
  /** The file is gone. */
  drop(ids: readonly number[]): void;
  /** All that is stored once. Nothing may be added later. */
  shared(): Buffer;
  /** What stands behind the inode of a file with these attributes. */
  encode(ids: readonly number[]): Buffer;
}

export function createAttributeTable(): AttributeTable {
  const ids = new Map<string, number>();
  const entries: Entry[] = [];
  let size = 0;

  function intern(bytes: Buffer): number {
    const key = bytes.toString("latin1");
    const known = ids.get(key);
    if (known !== undefined) return known;
    size += bytes.length;
    ids.set(key, entries.length);
    return entries.push({ bytes, uses: 0, offset: 0 }) - 1;
  }

  const entryOf = (id: number): Entry => entries[id] as Entry;
  const isShared = (id: number): boolean => entryOf(id).uses > 1;

  function drop(ids: readonly number[]): void {
    for (const id of ids) entryOf(id).uses -= 1;
  }

  return {
    get size() {
      return size;
    },
    add(path, xattrs, before = []) {
      const all = new Map(before.map((id) => [nameOf(entryOf(id).bytes), id]));
      for (const [name, value] of xattrs) {
        const bytes = encodeEntry(path, name, value);
        if (bytes !== undefined) all.set(nameOf(bytes), intern(bytes));
      }
      const ids = [...all.values()];
      const inline = ids.reduce((sum, id) => sum + entryOf(id).bytes.length, xattrHeaderSize);
      if (inline > maxInline) throw refused(path, "its extended attributes have more than 256 KiB");
      for (const id of ids) entryOf(id).uses += 1;
      drop(before);
      return ids;
    },
    drop,
    shared() {
      const parts: Buffer[] = [];
      let end = 0;
      for (const entry of entries) {
        if (entry.uses < 2) continue;
        entry.offset = end;
        end += entry.bytes.length;
        parts.push(entry.bytes);
      }
      return Buffer.concat(parts);
    },
    encode(all) {
      if (all.length === 0) return Buffer.alloc(0);
      const shared = all.filter(isShared).slice(0, maxShared);
      const inline = all.filter((id) => !shared.includes(id));
      const header = Buffer.alloc(xattrHeaderSize + 4 * shared.length);
      header[4] = shared.length;
      for (const [index, id] of shared.entries()) {
        header.writeUInt32LE(entryOf(id).offset / 4, xattrHeaderSize + 4 * index);
      }
      return Buffer.concat([header, ...inline.map((id) => entryOf(id).bytes)]);
    },
  };
}

/** How many words an inode says that its attributes have. */
export function xattrCount(bytes: Buffer): number {
  return bytes.length === 0 ? 0 : (bytes.length - xattrHeaderSize) / 4 + 1;
}

/** What two attributes of one file never have in common. */
function nameOf(entry: Buffer): string {
  const [length = 0] = entry;
  return `${entry[1]} ${entry.toString("latin1", xattrEntrySize, xattrEntrySize + length)}`;
}

function encodeEntry(path: ByteString, name: ByteString, value: Uint8Array): Buffer | undefined {
  const found = prefixes.find(([prefix]) =>
    prefix.endsWith(".") ? name.startsWith(prefix) : name === prefix,
  );
  if (found === undefined) return undefined;
  // Its length has 8 bits: more would have the kernel take a part of the name for the next attribute.
  if (name.length > maxName) throw refused(path, "the name of an extended attribute is too long");
  const [prefix, index] = found;
  const rest = name.slice(prefix.length);
  if (value.length > maxValue) throw refused(path, `its extended attribute ${quoteBytes(name)} has 64 KiB`);
  const entry = Buffer.alloc(roundUp(xattrEntrySize + rest.length + value.length, xattrEntrySize));
  entry[0] = rest.length;
  entry[1] = index;
  entry.writeUInt16LE(value.length, 2);
  entry.write(rest, xattrEntrySize, "latin1");
  entry.set(value, xattrEntrySize + rest.length);
  return entry;
}

function refused(path: ByteString, reason: string) {
  return erofsError("ENTRY", `cannot index ${quoteBytes(path)}: ${reason}`, {
    hint: "use the overlay snapshotter for this image",
  });
}
