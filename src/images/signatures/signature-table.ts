import type { Database, Digest, Migration } from "../../base/index.ts";
import { type ImageSignature, maxSignatures } from "../../signatures/index.ts";

export const signatureMigrations: readonly Migration[] = [
  {
    module: "signatures",
    version: 1,
    sql: `CREATE TABLE image_signatures (
      subject TEXT NOT NULL,
      signature TEXT NOT NULL,
      payload BLOB NOT NULL,
      PRIMARY KEY (subject, signature, payload)
    ) STRICT, WITHOUT ROWID`,
  },
];

/** Signatures of images that are in the store, by the digest of the manifest or index that they are about. */
export interface SignatureTable {
  /** Nobody has verified them. */
  of(subject: Digest): ImageSignature[];
  /** Adds signatures; those beyond the number that is looked at are left out. Gives whether all are there. */
  add(subject: Digest, signatures: readonly ImageSignature[]): boolean;
  /** Everything that has signatures. */
  subjects(): Digest[];
  drop(subject: Digest): void;
}

export function createSignatureTable({ sql, transaction }: Database): SignatureTable {
  const select = sql.prepare(
    "SELECT payload, signature FROM image_signatures WHERE subject = ? ORDER BY signature",
  );
  const insert = sql.prepare(
    `INSERT OR IGNORE INTO image_signatures (subject, signature, payload)
      SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM image_signatures WHERE subject = ?1) < ${maxSignatures}`,
  );
  const one = sql.prepare(
    "SELECT 1 FROM image_signatures WHERE subject = ? AND signature = ? AND payload = ?",
  );
  const subjects = sql.prepare("SELECT DISTINCT subject FROM image_signatures ORDER BY subject");
  const erase = sql.prepare("DELETE FROM image_signatures WHERE subject = ?");
  return {
    of: (subject) => select.all(subject) as ImageSignature[],
    add: (subject, signatures) =>
      transaction(() => {
        for (const { payload, signature } of signatures) insert.run(subject, signature, payload);
        return signatures.every(
          ({ payload, signature }) => one.get(subject, signature, payload) !== undefined,
        );
      }),
    subjects: () => (subjects.all() as { subject: Digest }[]).map(({ subject }) => subject),
    drop: (subject) => void erase.run(subject),
  };
}
