import { createHash, timingSafeEqual } from "node:crypto";
import { setImmediate } from "node:timers/promises";

const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** So many rounds where a hash names none, and the bounds for those that do. */
const usualRounds = 5000;
const roundBounds = [1000, 1_000_000] as const;
/** So many rounds pass before others get their turn: some milliseconds. */
const stride = 500;

/** Bytes of a digest, and letters of it in a hash, how the places of three of them move on, and the bytes that are left in the end. */
const layouts = {
  sha256: {
    size: 32,
    letters: 43,
    next: ([a, b, c]: Places): Places => [c + 1, a + 1, b + 1],
    last: [31, 30],
  },
  sha512: { size: 64, letters: 86, next: ([a, b, c]: Places): Places => [b + 1, c + 1, a + 1], last: [63] },
} as const;

type Places = readonly [number, number, number];

/**
 * What tells whether a password has a hash, of the forms `$5$` (SHA-256) and `$6$` (SHA-512), as `openssl passwd -6` makes them.
 * Undefined for a hash of another form. Others get their turn meanwhile.
 *
 * Source: https://www.akkadia.org/drepper/SHA-crypt.txt
 */
export function readShaCrypt(hash: string): ((password: string) => Promise<boolean>) | undefined {
  const [, kind, rounds, salt = "", expected = ""] =
    /^\$([56])\$(?:rounds=(\d{1,9})\$)?([^$:\n]{0,16})\$([./0-9A-Za-z]+)$/.exec(hash) ?? [];
  if (kind === undefined) return undefined;
  const algorithm = kind === "5" ? "sha256" : "sha512";
  if (expected.length !== layouts[algorithm].letters) return undefined;
  const count = Math.min(Math.max(Number(rounds ?? usualRounds), roundBounds[0]), roundBounds[1]);
  const salted = { salt: Buffer.from(salt), rounds: count };
  return async (password) => {
    const actual = Buffer.from(encode(algorithm, await crypt(algorithm, Buffer.from(password), salted)));
    return timingSafeEqual(actual, Buffer.from(expected));
  };
}

type Algorithm = keyof typeof layouts;

/** The steps are those of the specification. */
async function crypt(
  algorithm: Algorithm,
  password: Buffer,
  { salt, rounds }: { salt: Buffer; rounds: number },
): Promise<Buffer> {
  const { size } = layouts[algorithm];
  const digest = (...parts: Uint8Array[]) => {
    const hash = createHash(algorithm);
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  // 4-8
  const b = digest(password, salt, password);
  // 9-12
  const parts: Uint8Array[] = [password, salt, stretch(b, password.length, size)];
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? b : password);
  let a = digest(...parts);
  // 13-16
  const p = stretch(
    digest(...Array.from({ length: password.length }, () => password)),
    password.length,
    size,
  );
  // 17-20
  const s = stretch(digest(...Array.from({ length: 16 + (a[0] ?? 0) }, () => salt)), salt.length, size);
  // 21
  for (let round = 0; round < rounds; round += 1) {
    const steps = [round % 2 === 1 ? p : a];
    if (round % 3 !== 0) steps.push(s);
    if (round % 7 !== 0) steps.push(p);
    steps.push(round % 2 === 1 ? a : p);
    a = digest(...steps);
    if (round % stride === stride - 1) await setImmediate();
  }
  return a;
}

/** A digest as often as it takes for a length. */
function stretch(digest: Buffer, length: number, size: number): Buffer {
  return Buffer.concat(Array.from({ length: Math.ceil(length / size) }, () => digest)).subarray(0, length);
}

/** Step 22: the bytes in an order of their own, six bits a letter, the lowest first. */
function encode(algorithm: Algorithm, digest: Buffer): string {
  const { size, next, last } = layouts[algorithm];
  const third = Math.floor(size / 3);
  let text = "";
  let places: Places = [0, third, third * 2];
  for (let count = 0; count < third; count += 1) {
    text += letters(
      places.map((place) => digest[place]),
      4,
    );
    places = next(places);
  }
  return (
    text +
    letters(
      last.map((place) => digest[place]),
      last.length + 1,
    )
  );
}

function letters(bytes: readonly (number | undefined)[], count: number): string {
  let value = bytes.reduce<number>((sum, byte) => (sum << 8) | (byte ?? 0), 0);
  let text = "";
  for (let index = 0; index < count; index += 1) {
    text += alphabet[value & 63];
    value >>= 6;
  }
  return text;
}
