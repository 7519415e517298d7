import { timingSafeEqual } from "node:crypto";
import { setImmediate } from "node:timers/promises";

/** The least and the most that a hash may cost: each step doubles the time, and the most takes seconds. */
const costs = [4, 16] as const;
/** 16 and 23 bytes in base 64, whose last letters have bits to spare, which are zero. */
const form = /^\$2[aby]\$(\d\d)\$([./0-9A-Za-z]{21}[.Oeu])([./0-9A-Za-z]{30}[.CGKOSWaeimquy26])$/;
/** A longer password counts as its beginning. */
const longest = 72;
const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** So many expansions of a key pass before others get their turn: some milliseconds. */
const stride = 64;

/**
 * What tells whether a password has a hash, of the forms `$2a$`, `$2b$` and `$2y$`, as `htpasswd -B` makes them. Undefined for a
 * hash of another form. Others get their turn meanwhile.
 *
 * Source: N. Provos and D. Mazières, "A Future-Adaptable Password Scheme", 1999, figures 1 to 3
 */
export function readBcrypt(hash: string): ((password: string) => Promise<boolean>) | undefined {
  const [, digits, salt = "", expected = ""] = form.exec(hash) ?? [];
  const cost = Number(digits);
  if (digits === undefined || cost < costs[0] || cost > costs[1]) return undefined;
  return async (password) => {
    const key = Buffer.from(`${password}\0`).subarray(0, longest);
    const actual = encode(await digest(key, decode(salt), cost));
    return timingSafeEqual(Buffer.from(actual), Buffer.from(expected));
  };
}

/** Subkeys and boxes of Blowfish, which begin as the fraction of pi. */
type Cipher = { readonly subkeys: Int32Array; readonly boxes: Int32Array };

const subkeyCount = 18;
const boxWords = 4 * 256;

async function digest(key: Uint8Array, salt: Uint8Array, cost: number): Promise<Buffer> {
  const cipher = newCipher();
  const [keyWords, saltWords, noWords] = [cycle(key), cycle(salt), new Int32Array(subkeyCount)];
  expand(cipher, keyWords, saltWords);
  for (let round = 0; round < 2 ** cost; round += 1) {
    expand(cipher, keyWords, noWords);
    expand(cipher, saltWords, noWords);
    if (round % stride === stride - 1) await setImmediate();
  }
  const text = Buffer.from("OrpheanBeholderScryDoubt");
  for (let offset = 0; offset < text.length; offset += 8) {
    const block: [number, number] = [text.readInt32BE(offset), text.readInt32BE(offset + 4)];
    for (let time = 0; time < 64; time += 1) encipher(cipher, block);
    text.writeInt32BE(block[0], offset);
    text.writeInt32BE(block[1], offset + 4);
  }
  return text.subarray(0, 23);
}

/** As many words as there are subkeys, of bytes that begin again when they end. */
function cycle(bytes: Uint8Array): Int32Array {
  const filled = Buffer.alloc(subkeyCount * 4, bytes);
  return Int32Array.from({ length: subkeyCount }, (_, index) => filled.readInt32BE(index * 4));
}

/** ExpandKey: mixes a key into the subkeys, and a salt into everything. The salt has four words that repeat. */
function expand(cipher: Cipher, key: Int32Array, salt: Int32Array): void {
  const { subkeys, boxes } = cipher;
  for (let index = 0; index < subkeyCount; index += 1) subkeys[index]! ^= key[index]!;
  const block: [number, number] = [0, 0];
  let place = 0;
  for (const words of [subkeys, boxes]) {
    for (let index = 0; index < words.length; index += 2) {
      block[0] ^= salt[place]!;
      block[1] ^= salt[place + 1]!;
      place = (place + 2) % 4;
      encipher(cipher, block);
      words[index] = block[0];
      words[index + 1] = block[1];
    }
  }
}

/** Sixteen rounds of Blowfish. */
function encipher({ subkeys, boxes }: Cipher, block: [number, number]): void {
  let [left, right] = block;
  for (let round = 0; round < 16; round += 1) {
    left ^= subkeys[round]!;
    const sum = (boxes[left >>> 24]! + boxes[256 + ((left >>> 16) & 255)]!) | 0;
    right ^= ((sum ^ boxes[512 + ((left >>> 8) & 255)]!) + boxes[768 + (left & 255)]!) | 0;
    [left, right] = [right, left];
  }
  block[0] = right ^ subkeys[17]!;
  block[1] = left ^ subkeys[16]!;
}

let beginning: Int32Array | undefined;

function newCipher(): Cipher {
  beginning ??= fractionOfPi(subkeyCount + boxWords);
  return { subkeys: beginning.slice(0, subkeyCount), boxes: beginning.slice(subkeyCount) };
}

/** Words of 32 bits of the fraction of pi, by Machin's formula: 16 atan(1/5) - 4 atan(1/239). */
function fractionOfPi(count: number): Int32Array {
  const spare = 64n;
  const bits = BigInt(count * 32) + spare;
  const one = 1n << bits;
  const arctangent = (inverse: bigint): bigint => {
    let power = one / inverse;
    let sum = power;
    for (let divisor = 3n, sign = -1n; power > 0n; divisor += 2n, sign = -sign) {
      power /= inverse * inverse;
      sum += (sign * power) / divisor;
    }
    return sum;
  };
  const fraction = (16n * arctangent(5n) - 4n * arctangent(239n)) & (one - 1n);
  const hex = (fraction >> spare).toString(16).padStart(count * 8, "0");
  return Int32Array.from(
    { length: count },
    (_, index) => Number(`0x${hex.slice(index * 8, index * 8 + 8)}`) | 0,
  );
}

/** Base 64 with an alphabet and an end of its own. */
function decode(text: string): Buffer {
  let bits = 0n;
  for (const letter of text) bits = (bits << 6n) | BigInt(alphabet.indexOf(letter));
  // 22 letters have four bits more than 16 bytes.
  return Buffer.from((bits >> 4n).toString(16).padStart(32, "0"), "hex");
}

function encode(bytes: Uint8Array): string {
  const padded = (BigInt(`0x${Buffer.from(bytes).toString("hex")}`) << 2n).toString(2).padStart(31 * 6, "0");
  return Array.from(
    { length: 31 },
    (_, index) => alphabet[Number.parseInt(padded.slice(index * 6, index * 6 + 6), 2)],
  ).join("");
}
