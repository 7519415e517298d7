/**
 * What is wrong: `blob-damaged`, `blob-missing`: of an image's documents and layers; `document`: bytes that are as they
 * should be and no use; `record`: rows that do not fit together; `layer-missing`: a layer that is not unpacked;
 * `layer-damaged`: one that is kept as an archive, which has changed, or what was made from it; `files-missing`: a snapshot without its directory; `list`: what other tools find their way in the store by; `database`.
 */
export type ProblemKind =
  | "blob-damaged"
  | "blob-missing"
  | "document"
  | "record"
  | "layer-missing"
  | "layer-damaged"
  | "files-missing"
  | "list"
  | "database";

/** One thing that is wrong. */
export type StoreProblem = {
  readonly kind: ProblemKind;
  /** Digest, key of a snapshot, or name of a file. */
  readonly subject: string;
  /** One sentence, without a full stop. */
  readonly sentence: string;
  /** Names of the images that need it, as people write them. */
  readonly images: readonly string[];
  /** Whether it was put right. */
  readonly repaired: boolean;
  /** What to do about it. */
  readonly hint?: string | undefined;
};

/** What a check has found. */
export type StoreReport = {
  readonly problems: readonly StoreProblem[];
  readonly blobs: number;
  readonly bytes: number;
  /** Layers that are kept as archives. */
  readonly archives: { readonly count: number; readonly bytes: number };
  readonly images: number;
  readonly snapshots: number;
  /** What nothing needs; undefined where damage hides what is needed. */
  readonly leftovers:
    | { readonly count: number; readonly bytes: number; readonly removed: boolean }
    | undefined;
};

/** Bytes of blobs and archives that have been read. */
export type OnChecked = (progress: { readonly current: number; readonly total: number }) => void;
