/** What frames are; the others are reserved. Source: RFC 6455, section 11.8. */
export const opcodes = {
  CONTINUATION: 0x0,
  TEXT: 0x1,
  BINARY: 0x2,
  CLOSE: 0x8,
  PING: 0x9,
  PONG: 0xa,
} as const;

/** Why a connection is closed. Source: RFC 6455, section 7.4.1. */
export const closeCodes = {
  NORMAL: 1000,
  PROTOCOL_ERROR: 1002,
  INVALID_DATA: 1007,
  TOO_BIG: 1009,
} as const;

/** The longest payload of a control frame, in bytes. */
export const MAX_CONTROL = 125;
const FINAL = 0x80;
/** Lengths that say how many bytes of length follow. */
export const LENGTH_16 = 126;
export const LENGTH_64 = 127;

/** A message in one frame, or a control frame, from a server: those mask nothing. */
export function encodeFrame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const size = length <= MAX_CONTROL ? 2 : length <= 0xffff ? 4 : 10;
  const head = Buffer.alloc(size);
  head[0] = FINAL | opcode;
  head[1] = size === 2 ? length : size === 4 ? LENGTH_16 : LENGTH_64;
  if (size === 4) head.writeUInt16BE(length, 2);
  if (size === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** The frame that ends one direction of a connection. Of a reason that is too long the beginning is sent. */
export function encodeClose(code: number, reason = ""): Buffer {
  const payload = Buffer.alloc(MAX_CONTROL);
  payload.writeUInt16BE(code);
  // Of characters only whole ones are written.
  const size = payload.write(reason, 2, "utf8");
  return encodeFrame(opcodes.CLOSE, payload.subarray(0, 2 + size));
}
