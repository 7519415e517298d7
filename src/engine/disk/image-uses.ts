import { type Database, isFullDisk } from "../../base/index.ts";

/** When images were last used. */
export interface ImageUses {
  /** Notes that an image is about to be used, or was until a moment; milliseconds since the epoch. */
  note(id: string, at?: number): void;
  /** Of all that are known; milliseconds since the epoch. */
  all(): ReadonlyMap<string, number>;
}

/** A use so soon after another is not written down. `leastKeep` is twice as long. */
const GRAIN = 60_000;

/** So many images are remembered, those that were used last. */
const KEPT = 10_000;

/** The table `image_uses` of the journal (journal.ts). */
export function openImageUses({ sql }: Database, now: () => number = Date.now): ImageUses {
  const put = sql.prepare(
    "INSERT INTO image_uses VALUES (?, ?) ON CONFLICT (image) DO UPDATE SET at = max(at, excluded.at)",
  );
  const all = sql.prepare("SELECT image, at FROM image_uses");
  sql.exec(
    `DELETE FROM image_uses WHERE image IN (SELECT image FROM image_uses ORDER BY at DESC LIMIT -1 OFFSET ${KEPT})`,
  );
  const noted = new Map<string, number>();
  return {
    note(id, at = now()) {
      if (at - (noted.get(id) ?? Number.NEGATIVE_INFINITY) < GRAIN) return;
      try {
        put.run(id, at);
        noted.set(id, at);
      } catch (error) {
        // What is used works without, and on a full disk more than ever.
        if (!isFullDisk(error)) throw error;
      }
    },
    all: () => new Map(all.all().map(({ image, at }) => [String(image), Number(at)])),
  };
}
