import { createHash } from "node:crypto";
import { type Digest, splitDigest } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import type { ContentStore } from "./content-store.ts";

/** `ContentStore.load` for a store that has the other readers. */
export async function loadBlob(
  request: { digest: Digest; limit: number } & Pick<ContentStore, "size" | "read">,
): Promise<Uint8Array> {
  const { digest, limit } = request;
  const size = await request.size(digest);
  if (size !== undefined && size > limit) {
    throw imageError(
      "CONTENT_SIZE",
      `cannot read blob ${digest}: it has ${size} bytes, ${limit} are allowed`,
    );
  }
  const chunks: Uint8Array[] = [];
  const hash = createHash(splitDigest(digest).algorithm);
  for await (const chunk of request.read(digest)) {
    hash.update(chunk);
    chunks.push(chunk);
  }
  if (hash.digest("hex") !== splitDigest(digest).hex) {
    throw imageError(
      "CONTENT_CORRUPT",
      `cannot read blob ${digest}: the bytes on the disk have another digest`,
      {
        hint: "repair it with: tug system check --repair",
      },
    );
  }
  return Buffer.concat(chunks);
}
