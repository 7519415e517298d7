import { clientError } from "./errors.ts";

/** Longer lines are no progress or event of any engine. */
const MAX_LINE_BYTES = 1024 * 1024;

/**
 * The objects of a stream of JSON lines.
 *
 * @throws CLIENT_ANSWER for a line that is not JSON or does not end
 */
export async function* readJsonLines<T>(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  let rest = Buffer.alloc(0);
  for await (const chunk of bytes) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      const line = rest.subarray(0, end).toString().trim();
      rest = rest.subarray(end + 1);
      if (line !== "") yield parseLine<T>(line);
    }
    if (rest.length > MAX_LINE_BYTES)
      throw clientError("ANSWER", "cannot read the engine's answer: a line does not end");
  }
  const last = rest.toString().trim();
  if (last !== "") yield parseLine<T>(last);
}

function parseLine<T>(line: string): T {
  try {
    return JSON.parse(line) as T;
  } catch (cause) {
    const start = line.slice(0, 80);
    throw clientError("ANSWER", `cannot read the engine's answer: "${start}" is not JSON`, { cause });
  }
}
