import { dockerApiError } from "./errors.ts";

/** Which output of a container bytes belong to. */
export type OutputStream = "stdout" | "stderr";

/** Bytes of one output. */
export type OutputChunk = { readonly stream: OutputStream; readonly data: Uint8Array };

const HEADER_BYTES = 8;

/** Larger than any frame that Docker's engine writes (it copies 32 KiB at a time). */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

const numbers: Record<OutputStream, number> = { stdout: 1, stderr: 2 };
const streams: readonly (OutputStream | "stdin" | "systemerr")[] = ["stdin", "stdout", "stderr", "systemerr"];

/**
 * The header of one frame of a multiplexed stream: stream number, three zero bytes, length as 32-bit big-endian.
 * Source: swagger.yaml, operation `ContainerAttach`, "Stream format".
 */
export function encodeFrameHeader(stream: OutputStream, length: number): Uint8Array {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  writeFrameHeader(header, 0, { stream, length });
  return header;
}

/** Writes the 8 bytes of such a header into a buffer. */
export function writeFrameHeader(
  target: Buffer,
  offset: number,
  { stream, length }: { readonly stream: OutputStream; readonly length: number },
): void {
  target.writeUInt32BE(numbers[stream] * 2 ** 24, offset);
  target.writeUInt32BE(length, offset + 4);
}

/**
 * Splits a multiplexed stream into chunks. Parts of a frame are passed on as they arrive, so memory does not grow with
 * the frame.
 *
 * @returns a function to be called with each piece of the stream
 * @throws DOCKER_API_FRAME on an impossible header, or when the far side reports its own failure in stream 3
 */
export function createFrameDecoder(): (bytes: Uint8Array) => OutputChunk[] {
  let header = Buffer.alloc(0);
  let stream: OutputStream | "stdin" | "systemerr" = "stdout";
  let remaining = 0;
  return (bytes) => {
    const chunks: OutputChunk[] = [];
    let rest = bytes;
    while (rest.length > 0) {
      if (remaining === 0) {
        const wanted = HEADER_BYTES - header.length;
        header = Buffer.concat([header, rest.subarray(0, wanted)]);
        rest = rest.subarray(wanted);
        if (header.length < HEADER_BYTES) break;
        ({ stream, length: remaining } = decodeHeader(header));
        header = Buffer.alloc(0);
        continue;
      }
      const data = rest.subarray(0, remaining);
      rest = rest.subarray(data.length);
      remaining -= data.length;
      if (stream === "systemerr")
        throw dockerApiError("FRAME", `cannot read stream: ${Buffer.from(data).toString()}`);
      chunks.push({ stream: stream === "stderr" ? "stderr" : "stdout", data });
    }
    return chunks;
  };
}

function decodeHeader(header: Buffer) {
  const stream = streams[header[0] ?? 255];
  const length = header.readUInt32BE(4);
  if (
    stream === undefined ||
    header[1] !== 0 ||
    header[2] !== 0 ||
    header[3] !== 0 ||
    length > MAX_FRAME_BYTES
  ) {
    throw dockerApiError("FRAME", `cannot read stream: "${header.toString("hex")}" is no frame header`);
  }
  return { stream, length };
}
