import { createHash } from "node:crypto";
import { type Digest, errnoOf, messageOf, splitDigest, TugError } from "../../base/index.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { OnChecked } from "./report.ts";

export type VerifyOptions = {
  readonly content: ContentStore;
  /** Bytes of what is read afterwards. */
  readonly ahead: number;
  readonly onChecked: OnChecked;
  readonly signal: AbortSignal | undefined;
};

/** Every blob of a store that was read. */
export type Verified = {
  readonly count: number;
  readonly bytes: number;
  /** Why the bytes of a blob are not those of its digest, and how many there are. */
  readonly damaged: Map<Digest, { readonly reason: string; readonly size: number }>;
};

/** Reads every blob and compares its bytes with its digest. */
export async function verifyBlobs({ content, ahead, onChecked, signal }: VerifyOptions): Promise<Verified> {
  const sizes = new Map<Digest, number>();
  for await (const { digest, size } of content.walk()) sizes.set(digest, size);
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const damaged: Verified["damaged"] = new Map();
  let current = 0;
  for (const [digest, size] of sizes) {
    signal?.throwIfAborted();
    const hash = createHash(splitDigest(digest).algorithm);
    try {
      for await (const chunk of content.read(digest, { signal })) {
        hash.update(chunk);
        current += chunk.length;
        onChecked({ current, total: total + ahead });
      }
      if (hash.digest("hex") !== splitDigest(digest).hex)
        damaged.set(digest, { reason: "its bytes have another digest", size });
    } catch (error) {
      signal?.throwIfAborted();
      // It was removed meanwhile.
      if (error instanceof TugError && error.kind === "notFound") continue;
      if (errnoOf(error) === undefined) throw error;
      damaged.set(digest, { reason: `it cannot be read: ${messageOf(error)}`, size });
    }
  }
  return { count: sizes.size, bytes: total, damaged };
}
