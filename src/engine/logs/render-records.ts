import { dockerApi } from "../../specs/index.ts";
import { scanRecords, TIME_LENGTH } from "./scan-records.ts";
import type { Lines } from "./whole-lines.ts";

/** How a log is sent. */
export type LogFormat = {
  /**
   * `raw`: the outputs' bytes; `each`: every record in one of Docker's frames; `merged`: records of one output that follow
   * each other share a frame.
   */
  readonly framing: "raw" | "each" | "merged";
  /** Each line begins with its time. */
  readonly timestamps: boolean;
};

/** Which records are sent. Times are RFC 3339 in UTC with nine digits. */
export type LogSelection = {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
};

/** Turns lines of a log file into what a client gets. */
export interface LogRenderer {
  /** What is sent for some lines. It stands in the lines' own memory. */
  render(lines: Lines): Buffer;
  /** Nothing can come any more: a record was later than `until`. */
  readonly ended: boolean;
}

const HEADER = 8;
const STAMP = TIME_LENGTH + 1;
const NEWLINE = 0x0a;
const SPACE = 0x20;

/**
 * A renderer. It keeps in mind which output is in the middle of a line: a piece that goes on with one gets no timestamp.
 *
 * A record takes less room when it is rendered, with a frame and a timestamp too, than in the file. So everything is done
 * in place: for millions of short lines it counts that nothing is allocated for one.
 */
export function createLogRenderer(format: LogFormat, selection: LogSelection): LogRenderer {
  const framed = format.framing !== "raw";
  const merged = format.framing === "merged";
  const isWanted = createTimeCheck(selection);
  const goesOn = { stdout: false, stderr: false };
  let ended = false;
  return {
    render({ bytes, end }) {
      let to = 0;
      let frame: dockerApi.OutputStream | undefined;
      let frameBegin = 0;
      const closeFrame = (): void => {
        if (frame !== undefined)
          dockerApi.writeFrameHeader(bytes, frameBegin, { stream: frame, length: to - frameBegin - HEADER });
        frame = undefined;
      };
      scanRecords(bytes, 0, end, (contentBegin, contentEnd, endsLine, isStderr, timeBegin) => {
        const stream = isStderr ? "stderr" : "stdout";
        const wanted = isWanted?.(bytes, timeBegin);
        ended = wanted === undefined && isWanted !== undefined;
        if (ended) return false;
        if (wanted === false || !selection[stream]) return true;
        const stamped = format.timestamps && !goesOn[stream];
        goesOn[stream] = !endsLine;
        if (framed && (frame !== stream || !merged)) {
          closeFrame();
          frame = stream;
          frameBegin = to;
          to += HEADER;
        }
        // Taken before the content is moved, perhaps over it.
        const time = stamped ? bytes.toString("latin1", timeBegin, timeBegin + TIME_LENGTH) : "";
        const contentAt = stamped ? to + STAMP : to;
        bytes.copyWithin(contentAt, contentBegin, contentEnd);
        if (stamped) {
          bytes.write(time, to, "latin1");
          bytes[contentAt - 1] = SPACE;
        }
        to = contentAt + contentEnd - contentBegin;
        if (endsLine) bytes[to++] = NEWLINE;
        return true;
      });
      closeFrame();
      return bytes.subarray(0, to);
    },
    get ended() {
      return ended;
    },
  };
}

/** Whether a record is in time: undefined for one that is too late, and so is every later one. */
function createTimeCheck({ since = "", until }: LogSelection) {
  if (since === "" && until === undefined) return undefined;
  return (bytes: Buffer, begin: number): boolean | undefined => {
    const time = bytes.toString("latin1", begin, begin + TIME_LENGTH);
    return until !== undefined && time > until ? undefined : time >= since;
  };
}
