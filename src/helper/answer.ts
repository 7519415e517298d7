import { Readable } from "node:stream";
import type { Digest } from "../base/index.ts";
import { type ListName, lists } from "../plan/index.ts";
import { helperError } from "./errors.ts";
import { createReader, type Reader } from "./reader.ts";

/** What went wrong in the helper: which op, which call. See docs/plan-wire.md, answer 4. */
export type Failure = {
  /** Undefined: the plan itself was refused. */
  readonly list: ListName | undefined;
  readonly index: number;
  /** errno of the failing call, 0 where a process ended badly. */
  readonly errno: number;
  /** Raw wait status of a process that ended badly, else 0. */
  readonly status: number;
  readonly call: string;
  readonly path: string;
};

/** One answer of the helper. */
export type Answer =
  | { readonly type: "greeting"; readonly tableHash: string; readonly version: number }
  | { readonly type: "created"; readonly pid: number; readonly startTime: bigint }
  | { readonly type: "data"; readonly tag: number; readonly bytes: Buffer }
  | { readonly type: "failed"; readonly failure: Failure }
  | { readonly type: "done"; readonly digest: Digest; readonly waitStatus: number | undefined };

/** Longest answer that is believed: a file read inside a root, with its head. */
const LONGEST = 64 * 1024 * 1024;

/** Cuts the helper's stream into answers. A stream that breaks has ended. It is left to the caller to destroy it. */
export async function* readAnswers(stream: AsyncIterable<Buffer>): AsyncGenerator<Answer> {
  const chunks = piecesOf(stream);
  let pending: Buffer = Buffer.alloc(0);
  try {
    for (;;) {
      // It breaks when the process at the other end dies.
      const next = await chunks.next().catch(() => undefined);
      if (next === undefined || next.done) return;
      pending = pending.length === 0 ? next.value : Buffer.concat([pending, next.value]);
      while (pending.length >= 4) {
        const length = pending.readUInt32LE();
        if (length > LONGEST)
          throw helperError("PROTOCOL", `cannot read the helper's answer: ${length} bytes are too many`);
        if (pending.length < 4 + length) break;
        yield parseAnswer(pending.subarray(4, 4 + length));
        pending = pending.subarray(4 + length);
      }
    }
  } finally {
    await chunks.return?.();
  }
}

/** A reader who leaves early has Node destroy the stream with an error of its own, whose stack costs more than the reading. */
function piecesOf(stream: AsyncIterable<Buffer>): AsyncIterator<Buffer, undefined> {
  const pieces = stream instanceof Readable ? stream.iterator({ destroyOnReturn: false }) : stream;
  return pieces[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
}

function parseAnswer(buffer: Buffer): Answer {
  const reader = createReader(buffer);
  const type = reader.u8();
  switch (type) {
    case 1:
      return { type: "greeting", tableHash: reader.bytes(8).toString("hex"), version: reader.u32() };
    case 2:
      return { type: "created", pid: reader.u32(), startTime: reader.u64() };
    case 3:
      return { type: "data", tag: reader.u32(), bytes: Buffer.from(reader.rest()) };
    case 4:
      return { type: "failed", failure: parseFailure(reader) };
    case 5: {
      const digest = `sha256:${reader.bytes(32).toString("hex")}` as Digest;
      const waited = reader.u8() === 1;
      const status = reader.i32();
      return { type: "done", digest, waitStatus: waited ? status : undefined };
    }
    default:
      throw helperError("PROTOCOL", `cannot read the helper's answer: type ${type} is unknown`);
  }
}

/** Reads the content of a failure, as it stands in answer 4 and in the exec-status record. */
export function parseFailure(reader: Reader): Failure {
  const list = lists[reader.u8()];
  return {
    list,
    index: reader.u32(),
    errno: reader.i32(),
    status: reader.i32(),
    call: reader.text(),
    path: reader.text(),
  };
}

/** Reads a record from the exec-status FIFO: its u32 length, then the failure. */
export function parseExecStatus(buffer: Buffer): Failure {
  const reader = createReader(buffer);
  return parseFailure(createReader(reader.bytes(reader.u32())));
}
