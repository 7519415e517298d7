/** "expand 32-byte k" */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;

/** Which words are mixed into which in the two halves of a double round, and by how many bits they turn. */
const QUARTERS = [
  [0, 4, 8, 12],
  [5, 9, 13, 1],
  [10, 14, 2, 6],
  [15, 3, 7, 11],
  [0, 1, 2, 3],
  [5, 6, 7, 4],
  [10, 11, 8, 9],
  [15, 12, 13, 14],
] as const;

const BLOCK = 64;

/**
 * The first bytes of the stream of XSalsa20.
 * Source: https://cr.yp.to/snuffle/xsalsa-20110204.pdf, section 2
 * @param key 32 bytes
 * @param nonce 24 bytes
 */
export function xsalsa20(key: Uint8Array, nonce: Uint8Array, length: number): Uint8Array {
  const inner = hsalsa20(key, nonce.subarray(0, 16));
  const stream = new Uint8Array(Math.ceil(length / BLOCK) * BLOCK);
  const input = new Uint8Array(16);
  input.set(nonce.subarray(16));
  for (let block = 0; block * BLOCK < length; block += 1) {
    new DataView(input.buffer).setUint32(8, block, true);
    const before = state(inner, input);
    const after = rounds(before);
    stream.set(bytesOf(after.map((word, index) => word + (before[index] as number))), block * BLOCK);
  }
  return stream.subarray(0, length);
}

/** A key of 32 bytes for one half of the nonce. Source: the same, section 2, definition of HSalsa20 */
function hsalsa20(key: Uint8Array, input: Uint8Array): Uint8Array {
  const mixed = rounds(state(key, input));
  return bytesOf([0, 5, 10, 15, 6, 7, 8, 9].map((index) => mixed[index] as number));
}

/** The sixteen words that a block begins with. Source: https://cr.yp.to/snuffle/spec.pdf, section 9 */
function state(key: Uint8Array, input: Uint8Array): Uint32Array {
  const [k, n] = [wordsOf(key), wordsOf(input)];
  const [c0, c1, c2, c3] = CONSTANTS;
  const words = [c0, ...k.subarray(0, 4), c1, ...n, c2, ...k.subarray(4), c3];
  return Uint32Array.from(words);
}

function rounds(start: Uint32Array): Uint32Array {
  const x = Uint32Array.from(start);
  const mix = (target: number, left: number, right: number, turn: number): void => {
    const sum = ((x[left] as number) + (x[right] as number)) | 0;
    x[target] = (x[target] as number) ^ ((sum << turn) | (sum >>> (32 - turn)));
  };
  for (let round = 0; round < 20; round += 2) {
    for (const [a, b, c, d] of QUARTERS) {
      mix(b, a, d, 7);
      mix(c, b, a, 9);
      mix(d, c, b, 13);
      mix(a, d, c, 18);
    }
  }
  return x;
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(4 * index, true));
}

function bytesOf(words: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * words.length));
  for (let index = 0; index < words.length; index += 1) {
    view.setUint32(4 * index, words[index] as number, true);
  }
  return new Uint8Array(view.buffer);
}
