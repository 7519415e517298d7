import { createHash } from "node:crypto";
import { type Digest, splitDigest } from "../../base/index.ts";
import { imageError } from "../errors.ts";

/** Compares the archive of a layer, given in pieces, with what its configuration says of it. */
export interface LayerCheck {
  update(chunk: Uint8Array): void;
  /** After the last piece. @throws IMAGE_DIFF_ID */
  end(): void;
}

export function createLayerCheck(diffId: Digest): LayerCheck {
  const { algorithm } = splitDigest(diffId);
  const hash = createHash(algorithm);
  return {
    update: (chunk) => void hash.update(chunk),
    end() {
      const actual = `${algorithm}:${hash.digest("hex")}`;
      if (actual === diffId) return;
      throw imageError("DIFF_ID", `cannot unpack layer ${diffId}: its archive has digest ${actual}`, {
        hint: "the image is damaged: pull it again, or build it again",
      });
    },
  };
}
