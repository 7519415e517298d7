import { createHash } from "node:crypto";
import { type Digest, splitDigest } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import { formatReference, type Reference } from "../reference.ts";

/** A document that has the digest by which it was asked for. @throws IMAGE_CONTENT_DIGEST */
export function checkedDocument(data: Uint8Array, { digest }: { digest: Digest }, place: string): Uint8Array {
  const { algorithm, hex } = splitDigest(digest);
  if (createHash(algorithm).update(data).digest("hex") === hex) return data;
  throw imageError("CONTENT_DIGEST", `cannot read ${place}: manifest ${digest} has other bytes`);
}

/** An image gets no name with the digest of another one. @throws IMAGE_PLACE */
export function checkNamedDigest(reference: Reference, root: { digest: Digest }): void {
  if (reference.digest === undefined || reference.digest === root.digest) return;
  throw imageError("PLACE", `cannot copy to ${formatReference(reference)}: the image is ${root.digest}`);
}

/** All bytes of a small blob, which are those of its digest. @throws IMAGE_CONTENT_DIGEST */
export async function readChecked(
  source: AsyncIterable<Uint8Array>,
  blob: { digest: Digest; size: number },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of checkedBytes(source, blob)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Bytes that are those of a digest: the last of them come only if all were right. @throws IMAGE_CONTENT_DIGEST */
export async function* checkedBytes(
  source: AsyncIterable<Uint8Array>,
  { digest, size }: { digest: Digest; size: number },
): AsyncGenerator<Uint8Array> {
  const { algorithm, hex } = splitDigest(digest);
  const hash = createHash(algorithm);
  let held: Uint8Array | undefined;
  let total = 0;
  for await (const chunk of source) {
    total += chunk.length;
    if (total > size)
      throw imageError("CONTENT_SIZE", `cannot copy blob ${digest}: it has more than ${size} bytes`);
    hash.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (hash.digest("hex") !== hex || total !== size) {
    throw imageError("CONTENT_DIGEST", `cannot copy blob ${digest}: the bytes that came are others`);
  }
  if (held !== undefined) yield held;
}
