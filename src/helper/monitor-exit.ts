import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ifThere } from "../base/index.ts";
import { type Failure, parseFailure } from "./answer.ts";
import type { InitProcess } from "./helper.ts";
import { decodeFields } from "./monitor-fields.ts";
import { createReader } from "./reader.ts";

/** How a container ended, as its monitor saw it. */
export type ExitRecord = {
  /** Raw wait status of init; undefined when none was ever reaped, which means that the container was not created. */
  readonly waitStatus: number | undefined;
  /** Nanoseconds since 1970. */
  readonly finishedAt: bigint;
  /** Processes killed for lack of memory in the container's group while it ran. */
  readonly oomKills: number;
  /** Bytes of log records that found no room, as far as counted when the record was written. */
  readonly droppedLogBytes: number;
  /** Why the container could not be created. */
  readonly failure: Failure | undefined;
  /** Raw wait status of the process that created the container, where that ended badly. */
  readonly runStatus: number | undefined;
  readonly init: InitProcess | undefined;
};

/** The exit code that a user sees: that of the program, or 128 and the signal; undefined for what was not created. */
export function exitCodeOf({ waitStatus }: Pick<ExitRecord, "waitStatus">): number | undefined {
  if (waitStatus === undefined) return undefined;
  const signal = waitStatus & 0x7f;
  return signal === 0 ? (waitStatus >> 8) & 0xff : 128 + signal;
}

/** Reads the record that a monitor left in its directory; undefined when there is none (yet). */
export async function readExitRecord(directory: string): Promise<ExitRecord | undefined> {
  const record = await ifThere(readFile(join(directory, "exit")));
  return record === undefined ? undefined : parseExitRecord(record);
}

/** Reads a record: docs/monitor-protocol.md, "Exit record". */
export function parseExitRecord(record: Buffer): ExitRecord {
  const fields = decodeFields(record);
  const failure = fields.get(5);
  const pid = fields.get(7)?.readUInt32LE();
  const startTime = fields.get(8)?.readBigUInt64LE();
  return {
    waitStatus: fields.get(1)?.readInt32LE(),
    finishedAt: fields.get(2)?.readBigInt64LE() ?? 0n,
    oomKills: Number(fields.get(3)?.readBigUInt64LE() ?? 0n),
    droppedLogBytes: Number(fields.get(4)?.readBigUInt64LE() ?? 0n),
    failure: failure && parseFailure(createReader(failure)),
    runStatus: fields.get(6)?.readInt32LE(),
    init: pid === undefined || startTime === undefined ? undefined : { pid, startTime },
  };
}
