import type { Writable } from "node:stream";
import type { dockerApi } from "../../specs/index.ts";
import { write } from "../write.ts";
import { renderBar } from "./bar.ts";

export type DisplayOptions = {
  /** Whether lines can be drawn again. */
  readonly terminal: boolean;
  /** In characters. */
  readonly width: number;
};

/**
 * Shows progress messages as they come. On a terminal each layer has a line of its own that is drawn again and again;
 * elsewhere only changes of state are printed, one a line.
 */
export async function displayProgress(
  messages: AsyncIterable<dockerApi.ProgressMessage>,
  output: Writable,
  options: DisplayOptions,
): Promise<void> {
  const lines = options.terminal ? createLines(options.width) : undefined;
  for await (const message of messages) {
    // What is for programs only has neither.
    if (message.stream === undefined && message.status === undefined) continue;
    const text = lines === undefined ? renderPlain(message) : lines.render(message);
    if (text !== "") await write(output, text);
  }
}

function renderPlain(message: dockerApi.ProgressMessage): string {
  if (message.stream !== undefined) return message.stream;
  if (message.progressDetail?.current !== undefined) return "";
  return `${prefixOf(message)}${message.status ?? ""}\n`;
}

const CLEAR_LINE = "\x1b[2K\r";

/** The lines on a terminal: which one belongs to which layer, counted from the first. */
function createLines(width: number) {
  const places = new Map<string, number>();
  let count = 0;
  return {
    render(message: dockerApi.ProgressMessage): string {
      if (message.stream !== undefined) return message.stream;
      const text = `${fit(`${prefixOf(message)}${message.status ?? ""}${renderBar(message, width)}`, width)}\n`;
      if (message.id === undefined || message.progressDetail === undefined) {
        count += 1;
        return `${CLEAR_LINE}${text}`;
      }
      const place = places.get(message.id);
      if (place === undefined) {
        places.set(message.id, count);
        count += 1;
        return `${CLEAR_LINE}${text}`;
      }
      const up = count - place;
      const down = up - 1;
      return `\x1b[${up}A${CLEAR_LINE}${text}${down > 0 ? `\x1b[${down}B` : ""}`;
    },
  };
}

function prefixOf({ id }: dockerApi.ProgressMessage): string {
  return id === undefined ? "" : `${id}: `;
}

/** A line that wraps would be two lines, and every line below it would be drawn in the wrong place. */
function fit(line: string, width: number): string {
  return line.length <= width ? line : line.slice(0, width);
}
