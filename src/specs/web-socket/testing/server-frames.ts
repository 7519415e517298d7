import { LENGTH_16, LENGTH_64 } from "../frame.ts";

/** The frames that a server has sent, each as its first byte and its payload. What is cut off at the end is left out. */
export function serverFrames(bytes: Buffer): { first: number; payload: Buffer }[] {
  const frames: { first: number; payload: Buffer }[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const [first = 0, short = 0] = bytes.subarray(at);
    const size = short === LENGTH_16 ? 4 : short === LENGTH_64 ? 10 : 2;
    if (at + size > bytes.length) break;
    const length =
      size === 2 ? short : size === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    if (at + size + length > bytes.length) break;
    frames.push({ first, payload: bytes.subarray(at + size, at + size + length) });
    at += size + length;
  }
  return frames;
}
