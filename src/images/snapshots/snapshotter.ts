import type { Usage } from "../layers/translate.ts";

/**
 * What to mount, as data; nothing here mounts anything. All are directories.
 *
 * Without `upper` the result is read-only: an overlay of several `lowers`, or a bind mount of the only one. With
 * `upper` and without `lowers` it is `upper` itself.
 */
export type SnapshotMounts = {
  /** The topmost first. */
  readonly lowers: readonly string[];
  readonly upper?: string;
  readonly work?: string;
};

/** `active`: can be written to; `view`: is read-only; `committed`: a layer, and what others can stand on. */
export type SnapshotKind = "active" | "view" | "committed";

/**
 * How a snapshot keeps its files. `overlay`: each as a file of its own, below `fs`. `erofs`: as the archive that they
 * came in, with an index that is mounted; only layers can be kept so.
 */
export type SnapshotForm = "overlay" | "erofs";

export type SnapshotInfo = {
  readonly key: string;
  readonly kind: SnapshotKind;
  /** Key of the committed snapshot that this one stands on. */
  readonly parent: string | undefined;
  readonly form: SnapshotForm;
  /** Milliseconds since the epoch. */
  readonly created: number;
};

export type PrepareOptions = {
  /** The key that it will be committed under, where that is known: its paths then follow from that. */
  becomes?: string;
} & Lifetime;

export type Lifetime = {
  /** It is of no use after a power loss, and its owner removes it then: nothing has to wait for the disk. */
  ephemeral?: boolean;
};

export type CommitOptions = {
  /** What the snapshot stands on, for one that was prepared on nothing. */
  parent?: string | undefined;
  /** What it takes on the disk, when that is known; else it is measured. */
  usage?: Usage;
  /** Nothing of the parent shows through. */
  hidesAll?: boolean;
  /** What whoever filled it has put into its place; `overlay` by default. */
  form?: SnapshotForm;
  /** false: the disk is not waited for, and a power loss may take it back. */
  durable?: boolean;
};

/** What replaces a committed snapshot. */
export type ReplaceOptions = Required<Pick<CommitOptions, "usage" | "hidesAll" | "form">>;

/**
 * States of a file system, each a set of changes to its parent.
 *
 * A snapshot is made *active* by `prepare`, filled by whoever mounts it or writes into it, and becomes *committed*
 * under a new key, from then on unchangeable and a parent for others. Layers of an image are committed snapshots whose
 * keys are chain ids; the writable layer of a container is an active one that is never committed. A layer may be
 * prepared on nothing and get its parent at commit, so that the layers of an image can be filled side by side;
 * committing them is what must go in order.
 *
 * Active and committed snapshots share one space of keys. What was committed stays over a crash; what was being made
 * or removed is gone after the next open.
 */
export interface Snapshotter {
  /**
   * Makes an active snapshot, on a committed one or on nothing.
   * @throws IMAGE_SNAPSHOT_EXISTS, IMAGE_SNAPSHOT_NOT_FOUND for the parent
   */
  prepare(key: string, parent?: string, options?: PrepareOptions): Promise<SnapshotMounts>;

  /** The same, read-only. Its parent stays as long as it does. */
  view(key: string, parent: string): Promise<SnapshotMounts>;

  /**
   * Turns an active snapshot into a committed one with another key. Its files show where `mounts` of others say.
   * @throws IMAGE_SNAPSHOT_EXISTS, IMAGE_SNAPSHOT_NOT_FOUND, IMAGE_SNAPSHOT_STATE
   */
  commit(name: string, key: string, options?: CommitOptions): Promise<void>;

  /**
   * Puts the files of an active snapshot in the place of those of a committed one; what stands on that stays. When it is
   * interrupted, the committed one may have no files: whoever replaces does it again then.
   * @throws IMAGE_SNAPSHOT_NOT_FOUND, IMAGE_SNAPSHOT_STATE
   */
  replace(name: string, key: string, options: ReplaceOptions): Promise<void>;

  /** Removes the files of a committed snapshot and keeps it on record: `missing` has it from then on. */
  strip(name: string): Promise<void>;

  /**
   * What `prepare` would give if it were called now. Nothing is made.
   * @throws IMAGE_SNAPSHOT_NOT_FOUND for the parent
   */
  predict(key: string, parent?: string): SnapshotMounts;

  /** What to mount for an active snapshot or a view. @throws IMAGE_SNAPSHOT_NOT_FOUND, IMAGE_SNAPSHOT_STATE */
  mounts(key: string): SnapshotMounts;

  /**
   * Lets an active snapshot be mounted again that was mounted so that nothing of it has to reach the disk (overlayfs:
   * volatile), when the machine has not gone down since. @throws IMAGE_SNAPSHOT_NOT_FOUND
   */
  renew(key: string): Promise<void>;

  /**
   * The directories of a snapshot and of what it stands on, down to one that hides the rest, the topmost first. What is
   * there besides `fs` and `work` belongs to whoever fills the snapshots. @throws IMAGE_SNAPSHOT_NOT_FOUND
   */
  places(key: string): readonly string[];

  info(key: string): SnapshotInfo | undefined;

  /** All snapshots, parents before their children. */
  list(): SnapshotInfo[];

  /** Whether a snapshot's files are still there. @throws IMAGE_SNAPSHOT_NOT_FOUND */
  hasFiles(key: string): Promise<boolean>;

  /** Keys of snapshots whose files are not there any more: somebody else has removed them. */
  missing(): Promise<string[]>;

  /** What a snapshot takes on the disk, without its parents. An active one is measured, which can take long. */
  usage(key: string, signal?: AbortSignal): Promise<Usage>;

  /**
   * Removes a snapshot with its files; one that is not there is no error. When the call returns, the key is free and
   * the snapshot is no longer found; when the promise resolves, the files are gone.
   * @throws IMAGE_SNAPSHOT_IN_USE while another one stands on it
   */
  remove(key: string, lifetime?: Lifetime): Promise<void>;
}
