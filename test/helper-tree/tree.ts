import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openFlags, packFlags } from "../../src/plan/index.ts";
import { probeLines, probeProgram } from "../environment/probe.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { type Outcome, run, slot, type TestOp } from "../helper/driver.ts";
import { decodeTree, encodeTree, type TreeRecord } from "./records.ts";

const directorySlot = slot(0);
const recordsSlot = slot(1);

/** Unpacks a stream, given as a file, into a directory. */
export async function unpackStream(
  directory: string,
  stream: Uint8Array,
  scratch: string,
  options: TreeOptions = {},
): Promise<Outcome> {
  const path = join(scratch, "stream");
  await writeFile(path, stream);
  return await withDescriptor(path, "r", (descriptor) =>
    run({ host: unpackOps(directory, options) }, { descriptors: [descriptor] }),
  );
}

/** Unpacks records with the end added. */
export async function unpack(
  directory: string,
  records: readonly TreeRecord[],
  scratch: string,
  options: TreeOptions = {},
): Promise<Outcome> {
  return await unpackStream(directory, encodeTree(records), scratch, options);
}

/** The ops that unpack what comes through descriptor 3. */
export function unpackOps(directory: string, { path, flags, ...process }: TreeOptions = {}): TestOp[] {
  return [
    openOp(directory, process),
    { op: "inherit", fd: 3, out: recordsSlot },
    { op: "unpackTree", directory: directorySlot, records: recordsSlot, path, flags },
  ];
}

/** With a pid the tree is the root of that process, and the directory does not matter. */
export type TreeOptions = { path?: string; flags?: number; pid?: number; startTime?: bigint };

function openOp(path: string, { pid, startTime = 0n }: TreeOptions): TestOp {
  return pid === undefined
    ? { op: "openFile", path, flags: openFlags.RDONLY, out: directorySlot }
    : { op: "openProcess", pid, startTime, out: directorySlot };
}

/** Packs a directory, or the root of a process, into a file and takes the records apart. */
export async function pack(
  directory: string,
  scratch: string,
  options: TreeOptions = {},
): Promise<{ outcome: Outcome; records: TreeRecord[] }> {
  const path = join(scratch, "packed");
  const outcome = await withDescriptor(path, "w", (descriptor) =>
    run({ host: packOps(directory, options) }, { descriptors: [descriptor] }),
  );
  const isListing = ((options.flags ?? 0) & packFlags.LISTING) !== 0;
  const records = outcome.failure === undefined ? decodeTree(await readFile(path), isListing) : [];
  return { outcome, records };
}

/** The ops that pack to descriptor 3. */
export function packOps(directory: string, { path = "", flags, ...process }: TreeOptions = {}): TestOp[] {
  return [
    openOp(directory, process),
    { op: "inherit", fd: 3, out: recordsSlot },
    { op: "packTree", directory: directorySlot, path, records: recordsSlot, flags },
  ];
}

/** What find says about everything below a directory: type, mode, owner, size, time, path, target. */
export function listing(directory: string): string[] {
  return execFileSync("find", [".", "-printf", "%y %m %U:%G %s %T@ %n %P %l\n"], {
    cwd: directory,
    encoding: "latin1",
  })
    .slice(0, -1)
    .split("\n")
    .map((line) => (line.startsWith("d") ? line.replace(/^(\S+ \S+ \S+) \d+/, "$1 -") : line))
    .sort();
}

async function withDescriptor<T>(
  path: string,
  flags: string,
  work: (descriptor: number) => Promise<T>,
): Promise<T> {
  const descriptor = openSync(path, flags);
  try {
    return await work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The extended attributes of a file, or of a symbolic link itself, by name; values as hexadecimal digits. */
export function attributesOf(path: string): Record<string, string> {
  const probe = probeProgram();
  if (probe.skip !== false) throw new Error(`cannot read attributes of ${path}: ${probe.skip}`);
  const [line] = probeLines(execFileSync(probe.path, ["attributes", path], { encoding: "utf8" }));
  return line?.attributes as Record<string, string>;
}

/** A directory to unpack into, beside one that must stay as it is. */
export async function prepare() {
  const directory = await temporaryDirectory();
  const inside = join(directory.path, "tree");
  const outside = join(directory.path, "outside");
  await mkdir(inside);
  await mkdir(outside);
  await writeFile(join(outside, "secret"), "secret");
  return { directory, inside, outside, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}
