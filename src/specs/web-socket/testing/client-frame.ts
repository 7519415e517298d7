import { encodeFrame } from "../frame.ts";

const FINAL = 0x80;
const MASKED = 0x80;

/** A frame as a client sends it: masked, and with `isFinal: false` one that others continue. */
export function clientFrame(
  opcode: number,
  payload: Uint8Array | string,
  { isFinal = true, key = Buffer.from([0x37, 0xfa, 0x21, 0x3d]) } = {},
): Buffer {
  const bytes = Buffer.from(payload);
  const plain = encodeFrame(opcode, bytes);
  const head = plain.subarray(0, plain.length - bytes.length);
  head[0] = isFinal ? FINAL | opcode : opcode;
  head[1] = MASKED | (head[1] as number);
  const masked = bytes.map((byte, at) => byte ^ (key[at % key.length] as number));
  return Buffer.concat([head, key, masked]);
}
