/** Where a relocated program finds its loader and its libraries. */
export type ElfHome = {
  /** Absolute path of the dynamic loader. */
  readonly loader: string;
  /** Directories searched for every library, before the loader's own list. */
  readonly libraries: readonly string[];
};

type Segment = { type: number; flags: number; offset: number; address: number; size: number; at: number };
type DynamicEntry = [tag: bigint, value: bigint];

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const PT_NOTE = 4;
const PF_RW = 6;
const DT_NULL = 0n;
const DT_STRTAB = 5n;
const DT_STRSZ = 10n;
const DT_RPATH = 15n;
const DT_RUNPATH = 29n;
const page = 0x1000;
const entrySize = 56;

/**
 * A dynamically linked ELF program, changed so that it runs with the loader and the libraries of another directory
 * tree: a new loader path and a DT_RPATH. Neither an environment variable nor a call of the loader does: the first is
 * inherited by children, and with the second /proc/self/exe, which runtimes start again, is the loader.
 *
 * Nothing that the program has moves. A segment appended to the file holds a copy of the dynamic section and of its
 * strings with the search path added; it takes the table slot of a note. (Moving sections, as patchelf does, breaks
 * programs written in Go.)
 *
 * @returns undefined for what is no ELF program or has no loader: scripts, static programs
 * Source: https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html
 */
export function relocateElf(program: Buffer, home: ElfHome): Buffer | undefined {
  if (!program.subarray(0, 6).equals(Buffer.from("\x7fELF\x02\x01", "latin1"))) return undefined;
  const segments = readSegments(program);
  const interpreter = segments.find((segment) => segment.type === PT_INTERP);
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC);
  if (interpreter === undefined || dynamic === undefined) return undefined;
  const note = segments.find((segment) => segment.type === PT_NOTE);
  if (note === undefined)
    throw new Error("cannot relocate a program: it has no note whose slot can be taken");

  const loads = segments.filter((segment) => segment.type === PT_LOAD);
  const offset = roundUp(program.length);
  const address = roundUp(Math.max(...loads.map((load) => load.address + load.size)));
  const added = addedSegment(program, { segments, dynamic, address, searchPath: home.libraries.join(":") });
  const loader = Buffer.from(`${home.loader}\0`);

  const result = Buffer.concat([
    program,
    Buffer.alloc(offset - program.length),
    added.dynamic,
    added.strings,
    loader,
  ]);
  const size = added.dynamic.length + added.strings.length;
  // The kernel reads the loader's path from the file, so only its place there matters.
  placeSegment(result, interpreter, { offset: offset + size, size: loader.length });
  placeSegment(result, dynamic, { offset, address, size: added.dynamic.length });
  placeSegment(result, note, { type: PT_LOAD, flags: PF_RW, offset, address, size, align: page });
  sortLoads(result);
  return result;
}

function roundUp(value: number): number {
  return Math.ceil(value / page) * page;
}

function headerTable(program: Buffer): { start: number; count: number } {
  return { start: Number(program.readBigUInt64LE(32)), count: program.readUInt16LE(56) };
}

function readSegments(program: Buffer): Segment[] {
  const { start, count } = headerTable(program);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * entrySize;
    return {
      at,
      type: program.readUInt32LE(at),
      flags: program.readUInt32LE(at + 4),
      offset: Number(program.readBigUInt64LE(at + 8)),
      address: Number(program.readBigUInt64LE(at + 16)),
      size: Number(program.readBigUInt64LE(at + 40)),
    };
  });
}

/** The dynamic section with a search path, and its strings, as they will lie at an address. */
function addedSegment(
  program: Buffer,
  place: { segments: readonly Segment[]; dynamic: Segment; address: number; searchPath: string },
): { dynamic: Buffer; strings: Buffer } {
  const old = readDynamic(program, place.dynamic);
  const value = (tag: bigint) => Number(old.find(([t]) => t === tag)?.[1] ?? 0n);
  const start = fileOffset(place.segments, value(DT_STRTAB));
  const strings = program.subarray(start, start + value(DT_STRSZ));
  const kept = old.filter(([tag]) => ![DT_STRTAB, DT_STRSZ, DT_RPATH, DT_RUNPATH].includes(tag));
  const path = Buffer.from(`${place.searchPath}\0`);
  // Three tags are added to those kept, and the end mark.
  const bytes = (kept.length + 4) * 16;
  const entries: DynamicEntry[] = [
    [DT_RPATH, BigInt(strings.length)],
    ...kept,
    [DT_STRTAB, BigInt(place.address + bytes)],
    [DT_STRSZ, BigInt(strings.length + path.length)],
    [DT_NULL, 0n],
  ];
  const dynamic = Buffer.alloc(bytes);
  for (const [index, [tag, entry]] of entries.entries()) {
    dynamic.writeBigUInt64LE(tag, index * 16);
    dynamic.writeBigUInt64LE(entry, index * 16 + 8);
  }
  return { dynamic, strings: Buffer.concat([strings, path]) };
}

function readDynamic(program: Buffer, dynamic: Segment): DynamicEntry[] {
  const entries: DynamicEntry[] = [];
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    const tag = program.readBigUInt64LE(at);
    if (tag === DT_NULL) break;
    entries.push([tag, program.readBigUInt64LE(at + 8)]);
  }
  return entries;
}

function fileOffset(segments: readonly Segment[], address: number): number {
  const load = segments.find(
    (s) => s.type === PT_LOAD && address >= s.address && address < s.address + s.size,
  );
  if (load === undefined) throw new Error("cannot relocate a program: its string table is not in the file");
  return load.offset + address - load.address;
}

/** Rewrites one row of the program header table; the size is that in the file and in memory. */
function placeSegment(
  program: Buffer,
  row: Segment,
  to: { type?: number; flags?: number; offset: number; address?: number; size: number; align?: number },
): void {
  program.writeUInt32LE(to.type ?? row.type, row.at);
  program.writeUInt32LE(to.flags ?? row.flags, row.at + 4);
  program.writeBigUInt64LE(BigInt(to.offset), row.at + 8);
  program.writeBigUInt64LE(BigInt(to.address ?? row.address), row.at + 16);
  program.writeBigUInt64LE(BigInt(to.address ?? row.address), row.at + 24);
  program.writeBigUInt64LE(BigInt(to.size), row.at + 32);
  program.writeBigUInt64LE(BigInt(to.size), row.at + 40);
  if (to.align !== undefined) program.writeBigUInt64LE(BigInt(to.align), row.at + 48);
}

/** Loadable segments must be listed by ascending address; the others keep their order. */
function sortLoads(program: Buffer): void {
  const { start, count } = headerTable(program);
  const rows = Array.from({ length: count }, (_, index) =>
    Buffer.from(program.subarray(start + index * entrySize, start + (index + 1) * entrySize)),
  );
  const isLoad = (row: Buffer) => row.readUInt32LE(0) === PT_LOAD;
  const loads = rows
    .filter(isLoad)
    .sort((a, b) => Number(a.readBigUInt64LE(16)) - Number(b.readBigUInt64LE(16)));
  const first = rows.findIndex(isLoad);
  const before = rows.slice(0, first);
  const after = rows.slice(first).filter((row) => !isLoad(row));
  for (const [index, row] of [...before, ...loads, ...after].entries()) {
    row.copy(program, start + index * entrySize);
  }
}
