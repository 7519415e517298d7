import type { LogFiles } from "./log-files.ts";
import { type RecordVisitor, scanRecords, TIME_LENGTH } from "./scan-records.ts";
import { lineBegin, readLines } from "./whole-lines.ts";

/** How far from its end a log is looked at first. */
const FIRST_REACH = 64 * 1024;

/** The stretch in which halving is not worth a read. */
const NEAR = 256 * 1024;

/** Says whether a record counts: the wanted outputs, the wanted time. */
export type RecordFilter = (isStderr: boolean, time: string) => boolean;

/**
 * Where the last so many lines begin. The log is read from its end, in steps that grow, not further than needed.
 *
 * @param least the position that the search does not go below
 */
export async function findTail(
  files: LogFiles,
  lines: number,
  { least, wanted }: { least: number; wanted: RecordFilter },
): Promise<number> {
  if (lines === 0) return files.size;
  for (let reach = FIRST_REACH; ; reach *= 4) {
    const begin = await lineBegin(files, Math.max(least, files.size - reach));
    const found = await countLines(files, begin, wanted);
    // One line more than wanted, because the first one may have begun before.
    if (found > lines) return await afterLines(files, begin, { lines: found - lines, wanted });
    if (begin <= least) return least;
  }
}

/**
 * Where the first record of a moment or later begins, found by halving: records stand in the order of their times. After
 * a clock was set back it is a place near it.
 */
export async function findTime(files: LogFiles, since: string): Promise<number> {
  let low = 0;
  let high = files.size;
  while (high - low > NEAR) {
    const middle = low + Math.floor((high - low) / 2);
    const time = await firstTime(files, middle);
    if (time === undefined || time >= since) high = middle;
    else low = middle;
  }
  return await lineBegin(files, low);
}

async function countLines(files: LogFiles, begin: number, wanted: RecordFilter): Promise<number> {
  let count = 0;
  await scan(files, begin, (endsLine, isStderr, time) => {
    if (endsLine && wanted(isStderr, time)) count += 1;
    return true;
  });
  return count;
}

/** The position behind so many wanted lines. */
async function afterLines(
  files: LogFiles,
  begin: number,
  { lines, wanted }: { lines: number; wanted: RecordFilter },
): Promise<number> {
  let left = lines;
  return await scan(files, begin, (endsLine, isStderr, time) => {
    if (left === 0) return false;
    if (endsLine && wanted(isStderr, time)) left -= 1;
    return true;
  });
}

/** The time of the first whole record at or after a position. */
async function firstTime(files: LogFiles, position: number): Promise<string | undefined> {
  let first: string | undefined;
  await scan(files, await lineBegin(files, position), (_endsLine, _isStderr, time) => {
    first = time;
    return false;
  });
  return first;
}

/** Looks at records until `look` says false. @returns the position of that record, or the log's end */
async function scan(
  files: LogFiles,
  begin: number,
  look: (endsLine: boolean, isStderr: boolean, time: string) => boolean,
): Promise<number> {
  let stopped = false;
  for await (const { bytes, end, position } of readLines(files, begin)) {
    const visit: RecordVisitor = (_begin, _end, endsLine, isStderr, time) => {
      stopped = !look(endsLine, isStderr, bytes.toString("latin1", time, time + TIME_LENGTH));
      return !stopped;
    };
    const at = scanRecords(bytes, 0, end, visit);
    if (stopped) return position + at;
  }
  return files.size;
}
