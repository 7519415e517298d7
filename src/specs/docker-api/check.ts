/** One thing that is wrong in the store. */
export type CheckProblem = {
  /** A word such as `blob-damaged`, `blob-missing`, `layer-damaged`. */
  readonly Kind: string;
  /** Digest, key or file that it is about. */
  readonly Subject: string;
  readonly Sentence: string;
  /** Names of the images that are concerned. */
  readonly Images: readonly string[];
  readonly Repaired: boolean;
  /** What to do about it. */
  readonly Hint?: string | undefined;
};

/** What the last message of POST /tug/system/check tells programs. Sizes are bytes. */
export type CheckedAux = {
  readonly Problems: readonly CheckProblem[];
  readonly Blobs: number;
  readonly Bytes: number;
  /** Layers that are kept as archives, and their bytes. */
  readonly Archives: { readonly Count: number; readonly Bytes: number };
  readonly Images: number;
  readonly Snapshots: number;
  /** Blobs and layers that nothing needs; left out where damage hides what is needed. */
  readonly Leftovers?:
    | { readonly Count: number; readonly Bytes: number; readonly Removed: boolean }
    | undefined;
};
