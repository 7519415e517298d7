import { dockerApi } from "../../../specs/index.ts";
import { errorBodyOf } from "../wording.ts";

/**
 * Progress as lines of JSON. A failure after the first line becomes the last line, because the status has gone out.
 * Source: swagger.yaml, operation `ImageCreate`.
 */
export async function* progressLines(
  messages: AsyncIterable<dockerApi.ProgressMessage>,
): AsyncGenerator<string> {
  try {
    for await (const message of messages) yield line(message);
  } catch (error) {
    const { message, tug } = errorBodyOf(error);
    yield line({ errorDetail: { message }, error: message, tug });
  }
}

const line = (value: unknown): string => `${JSON.stringify(value)}\r\n`;

/** How a stream of objects is written for a client. `format` takes the JSON text of one. */
export type ObjectStreamFormat = { readonly type: string; readonly format: (json: string) => string };

const RECORD_SEPARATOR = "\x1e";

/**
 * The format of a stream of objects: plain JSON one after the other, unless the Accept header names a media type for
 * streams. Source: API 1.52, operation `SystemEvents`; https://www.rfc-editor.org/rfc/rfc7464 for sequences.
 */
export function negotiateObjectStream(accept: string | undefined): ObjectStreamFormat {
  const wanted = (accept ?? "").split(",").map((part) => part.split(";")[0]?.trim() ?? "");
  const { json, jsonLines, jsonSequence, ndjson } = dockerApi.mediaTypes;
  const plain = (text: string) => `${text}\n`;
  if (wanted.includes(jsonSequence)) {
    return { type: jsonSequence, format: (text) => `${RECORD_SEPARATOR}${plain(text)}` };
  }
  const type = [jsonLines, ndjson].find((known) => wanted.includes(known)) ?? json;
  return { type, format: plain };
}
