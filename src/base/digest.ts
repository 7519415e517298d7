import { hash } from "node:crypto";

/** A content digest such as `sha256:` followed by 64 lower-case hexadecimal digits. */
export type Digest = string & { readonly __digest: unique symbol };

const lengths: Record<string, number> = { sha256: 64, sha512: 128 };

/**
 * Whether a text is a digest of a registered algorithm that this engine can verify.
 * Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
 */
export function isDigest(text: string): text is Digest {
  const colon = text.indexOf(":");
  if (colon < 0) return false;
  const hex = text.slice(colon + 1);
  return hex.length === lengths[text.slice(0, colon)] && /^[0-9a-f]+$/.test(hex);
}

/** The algorithm and the hexadecimal part of a digest. */
export function splitDigest(digest: Digest): { algorithm: string; hex: string } {
  const colon = digest.indexOf(":");
  return { algorithm: digest.slice(0, colon), hex: digest.slice(colon + 1) };
}

/** The sha256 digest of bytes, or of the UTF-8 form of a string. */
export function sha256(data: Uint8Array | string): Digest {
  return `sha256:${hash("sha256", data)}` as Digest;
}
