import { timingSafeEqual } from "node:crypto";
import { poly1305 } from "./poly1305.ts";
import { xsalsa20 } from "./salsa20.ts";

export const KEY_SIZE = 32;
export const NONCE_SIZE = 24;
const TAG_SIZE = 16;

/**
 * Encrypts a short message so that nobody can change it, as `crypto_secretbox` of NaCl.
 * Source: https://nacl.cr.yp.to/secretbox.html
 * @param nonce of which there must be another one for every message of a key
 */
export function seal(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  const stream = xsalsa20(key, nonce, KEY_SIZE + message.length);
  const hidden = combine(message, stream.subarray(KEY_SIZE));
  return Buffer.concat([poly1305(hidden, stream.subarray(0, KEY_SIZE)), hidden]);
}

/** The message in a sealed box; undefined for another key, another nonce, or other bytes than were sealed. */
export function unseal(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  if (box.length < TAG_SIZE) return undefined;
  const hidden = box.subarray(TAG_SIZE);
  const stream = xsalsa20(key, nonce, KEY_SIZE + hidden.length);
  const tag = poly1305(hidden, stream.subarray(0, KEY_SIZE));
  if (!timingSafeEqual(tag, box.subarray(0, TAG_SIZE))) return undefined;
  return combine(hidden, stream.subarray(KEY_SIZE));
}

function combine(bytes: Uint8Array, stream: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (byte, index) => byte ^ (stream[index] as number));
}
