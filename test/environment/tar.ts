/** One entry of a tar archive. The defaults are uid and gid 0, time 0, mode 0755 for directories and 0644 for the rest. */
export type TarEntry = {
  /** As it is to stand in the archive: neither cleaned nor checked, so that hostile archives can be made. */
  readonly path: string;
  readonly type?: "file" | "directory" | "symlink" | "hardlink" | "character" | "block" | "fifo";
  readonly content?: string | Uint8Array;
  /** Target of a link, as it is to stand in the archive. */
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since 1970. */
  readonly modified?: number;
  /** Extended attributes by name, such as `security.capability`. */
  readonly attributes?: Readonly<Record<string, Uint8Array>>;
  /** Size in the header where it shall differ from the content's. */
  readonly claimedSize?: number;
};

const typeFlags = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};
const block = 512;

/**
 * A tar archive of entries in the given order; the same entries give the same bytes. A pax header goes before an entry
 * with extended attributes or with a name, target or number that the plain header has no room for.
 * Source: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(encodeEntry), Buffer.alloc(2 * block)]);
}

function encodeEntry(entry: TarEntry): Buffer[] {
  const content = Buffer.from(entry.content ?? "");
  const records = paxRecords(entry, content.length);
  const parts = [encodeHeader(entry, content.length), padded(content)];
  if (records.length === 0) return parts;
  const extended = encodeHeader({ path: "PaxHeaders/entry" }, records.length, "x");
  return [extended, padded(records), ...parts];
}

function paxRecords(entry: TarEntry, size: number): Buffer {
  const records: [string, string | Uint8Array][] = [];
  if (Buffer.byteLength(entry.path) > 100) records.push(["path", entry.path]);
  if (Buffer.byteLength(entry.target ?? "") > 100) records.push(["linkpath", entry.target ?? ""]);
  for (const name of ["uid", "gid"] as const) {
    if ((entry[name] ?? 0) >= 8 ** 7) records.push([name, String(entry[name])]);
  }
  if (size >= 8 ** 11) records.push(["size", String(size)]);
  for (const [name, value] of Object.entries(entry.attributes ?? {})) {
    records.push([`SCHILY.xattr.${name}`, value]);
  }
  return Buffer.concat(records.map(([key, value]) => paxRecord(key, Buffer.from(value))));
}

/** "LENGTH KEY=VALUE\n", where LENGTH counts its own digits. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function encodeHeader(entry: TarEntry, size: number, flag?: string): Buffer {
  const header = Buffer.alloc(block);
  const type = entry.type ?? "file";
  const octal = (value: number, at: number, width: number) => {
    const digits = width - 1;
    const kept = value >= 8 ** digits ? 0 : value;
    header.write(`${kept.toString(8).padStart(digits, "0")}\0`, at, "latin1");
  };
  Buffer.from(entry.path).copy(header, 0, 0, 100);
  octal(entry.mode ?? (type === "directory" ? 0o755 : 0o644), 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  octal(entry.claimedSize ?? size, 124, 12);
  octal(entry.modified ?? 0, 136, 12);
  header.write("        ", 148, "latin1");
  header.write(flag ?? typeFlags[type], 156, "latin1");
  Buffer.from(entry.target ?? "").copy(header, 157, 0, 100);
  header.write("ustar\x0000", 257, "latin1");
  octal(entry.device?.major ?? 0, 329, 8);
  octal(entry.device?.minor ?? 0, 337, 8);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((block - (content.length % block)) % block)]);
}
