import { createHash } from "node:crypto";
import { type Digest, splitDigest } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import { checkBytes, defaultLimits, type LayerLimits } from "./limits.ts";

/** Compares the archive of a layer, given in pieces, with what its configuration says of it, and with its limits. */
export interface LayerCheck {
  /** @throws IMAGE_LAYER_LIMIT: an archive may go on behind its end, or have members that become no file */
  update(chunk: Uint8Array): void;
  /** After the last piece. @throws IMAGE_DIFF_ID */
  end(): void;
}

export type LayerCheckOptions = {
  readonly diffId: Digest;
  /** Bytes of the blob. */
  readonly blobSize: number;
  readonly limits?: LayerLimits | undefined;
};

export function createLayerCheck({
  diffId,
  blobSize,
  limits = defaultLimits,
}: LayerCheckOptions): LayerCheck {
  const { algorithm } = splitDigest(diffId);
  const hash = createHash(algorithm);
  let total = 0;
  return {
    update(chunk) {
      total += chunk.length;
      checkBytes(total, { limits, blobSize });
      hash.update(chunk);
    },
    end() {
      const actual = `${algorithm}:${hash.digest("hex")}`;
      if (actual === diffId) return;
      throw imageError("DIFF_ID", `cannot unpack layer ${diffId}: its archive has digest ${actual}`, {
        hint: "the image is damaged: pull it again, or build it again",
      });
    },
  };
}
