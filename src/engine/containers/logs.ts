import { watch } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { errnoOf } from "../../base/index.ts";
import type { OutputStream } from "../../specs/docker-api/index.ts";
import type { EngineContext } from "../context.ts";
import type { LiveContainers } from "./live.ts";
import { LOG_FILE } from "./prepare-run.ts";
import type { ContainerRecord } from "./record.ts";
import { isRunning } from "./stop.ts";

/** One record of a log: a line with its newline, or a piece of a longer line. */
export type LogEntry = { readonly stream: OutputStream; readonly time: string; readonly data: Uint8Array };

export type LogQuery = {
  readonly follow: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Number of last records; left out: all. */
  readonly tail?: number | undefined;
};

const CHUNK = 256 * 1024;

/**
 * A container's log, oldest first, across rotated files; with `follow` it goes on until the container has ended.
 * Lines that are no records (a crash in the middle of a write) are left out.
 */
export async function* readLogs(
  { layout, store }: EngineContext,
  live: LiveContainers,
  { record, query, signal }: { record: ContainerRecord; query: LogQuery; signal: AbortSignal },
): AsyncGenerator<LogEntry> {
  const path = `${layout.container(record.id)}/${LOG_FILE}`;
  const wanted = (entry: LogEntry): boolean =>
    query[entry.stream] &&
    (query.since === undefined || entry.time >= query.since) &&
    (query.until === undefined || entry.time <= query.until);
  const running = (): boolean => {
    const now = store.get(record.id);
    return now !== undefined && isRunning(now) && live.get(record.id).control !== undefined;
  };
  const file = await openIfThere(path);
  if (file === undefined) return;
  try {
    const past = async function* (): AsyncGenerator<LogEntry> {
      for (const older of (await rotatedFiles(path)).reverse()) yield* readFileEntries(older);
      yield* readEntries(file);
    };
    yield* query.tail === undefined ? filter(past(), wanted) : lastOf(filter(past(), wanted), query.tail);
    if (query.follow) yield* filter(followEntries(file, path, { running, signal }), wanted);
  } finally {
    await file.close();
  }
}

async function* filter(
  entries: AsyncIterable<LogEntry>,
  wanted: (entry: LogEntry) => boolean,
): AsyncGenerator<LogEntry> {
  for await (const entry of entries) if (wanted(entry)) yield entry;
}

async function lastEntries(entries: AsyncIterable<LogEntry>, count: number): Promise<LogEntry[]> {
  const kept: LogEntry[] = [];
  for await (const entry of entries) {
    kept.push(entry);
    if (kept.length > count * 2 + 1024) kept.splice(0, kept.length - count);
  }
  return count === 0 ? [] : kept.slice(-count);
}

async function* lastOf(entries: AsyncIterable<LogEntry>, count: number): AsyncGenerator<LogEntry> {
  yield* await lastEntries(entries, count);
}

/** Newest first: `log.json.1`, `log.json.2` ... */
async function rotatedFiles(path: string): Promise<string[]> {
  const found: string[] = [];
  for (let number = 1; ; number += 1) {
    const file = await openIfThere(`${path}.${number}`);
    if (file === undefined) return found;
    await file.close();
    found.push(`${path}.${number}`);
  }
}

async function* readFileEntries(path: string): AsyncGenerator<LogEntry> {
  const file = await openIfThere(path);
  if (file === undefined) return;
  try {
    yield* readEntries(file);
  } finally {
    await file.close();
  }
}

/** The records from where the file stands to its end. A last line without its newline is put back. */
async function* readEntries(
  file: FileHandle,
  carry: { rest: Buffer } = { rest: Buffer.alloc(0) },
): AsyncGenerator<LogEntry> {
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK), 0, CHUNK);
    if (bytesRead === 0) return;
    const text = Buffer.concat([carry.rest, buffer.subarray(0, bytesRead)]);
    let begin = 0;
    for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, begin)) {
      const entry = parseEntry(text.toString("utf8", begin, end));
      begin = end + 1;
      if (entry !== undefined) yield entry;
    }
    carry.rest = text.subarray(begin);
  }
}

type Follow = { running: () => boolean; signal: AbortSignal };

async function* followEntries(
  file: FileHandle,
  path: string,
  { running, signal }: Follow,
): AsyncGenerator<LogEntry> {
  let wake: () => void = () => undefined;
  const watcher = watch(dirname(path), { signal }, (_, name) => {
    if (name === basename(path)) wake();
  });
  watcher.on("error", () => wake());
  const carry = { rest: Buffer.alloc(0) };
  let current = file;
  try {
    while (!signal.aborted) {
      const last = !running();
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, 1000).unref();
      });
      yield* readEntries(current, carry);
      const next = await successor(current, path);
      if (next !== undefined) {
        yield* readEntries(current, carry);
        if (current !== file) await current.close();
        current = next;
        continue;
      }
      if (last) return;
      await changed;
    }
  } finally {
    watcher.close();
    if (current !== file) await current.close();
  }
}

/** The file that has taken the path's place since this one was opened. */
async function successor(file: FileHandle, path: string): Promise<FileHandle | undefined> {
  const next = await openIfThere(path);
  if (next === undefined) return undefined;
  const [before, now] = await Promise.all([file.stat(), next.stat()]);
  if (before.ino !== now.ino) return next;
  await next.close();
  return undefined;
}

function parseEntry(line: string): LogEntry | undefined {
  try {
    const { log, stream, time } = JSON.parse(line) as { log?: unknown; stream?: unknown; time?: unknown };
    if (typeof log !== "string" || typeof time !== "string") return undefined;
    return { stream: stream === "stderr" ? "stderr" : "stdout", time, data: Buffer.from(log) };
  } catch {
    return undefined;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
