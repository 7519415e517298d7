/** Bytes of a tag, and of the pieces that a message is read in. */
const SIZE = 16;

const P = (1n << 130n) - 5n;
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/**
 * The authenticator of a message under a key that is used once, 32 bytes. Takes time by the message's length, and is
 * meant for short messages.
 * Source: https://www.rfc-editor.org/rfc/rfc8439#section-2.5.1
 */
export function poly1305(message: Uint8Array, key: Uint8Array): Uint8Array {
  const r = littleEndian(key.subarray(0, SIZE)) & CLAMP;
  let sum = 0n;
  for (let start = 0; start < message.length; start += SIZE) {
    const piece = message.subarray(start, start + SIZE);
    const end = 1n << BigInt(8 * piece.length);
    sum = ((sum + littleEndian(piece) + end) * r) % P;
  }
  let rest = sum + littleEndian(key.subarray(SIZE, 2 * SIZE));
  return Uint8Array.from({ length: SIZE }, () => {
    const byte = Number(rest & 0xffn);
    rest >>= 8n;
    return byte;
  });
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
