import type { Digest } from "../../base/index.ts";
import type { Descriptor } from "../../specs/index.ts";
import type { Expected } from "../content/content-store.ts";

/** A manifest or index as a registry gave it; `data` has been checked against the descriptor's digest. */
export type FetchedManifest = { descriptor: Descriptor; data: Uint8Array };

/** Bytes that can be read more than once, from any place. */
export type Rereadable = (offset: number) => AsyncIterable<Uint8Array>;

/** How a blob got into a repository: it was sent, or taken over from another repository. */
export type Uploaded = { readonly mountedFrom: string | undefined };

export type UploadOptions = {
  /** Repositories of the same registry that may have the blob. */
  mountFrom?: readonly string[];
  /** Told how many bytes were sent; goes back when some must be sent again. */
  onSent?: (bytes: number) => void;
  signal?: AbortSignal | undefined;
};

/**
 * One repository of a registry, for writing. Requests that fail for a passing reason are sent again; every await ends at
 * the signal. Errors are those of the table in errors.ts whose names begin with REGISTRY.
 */
export interface RepositoryWriter {
  /** Whether the repository has a blob. */
  hasBlob(digest: Digest, signal?: AbortSignal): Promise<boolean>;

  /**
   * Brings a blob in: takes it over from another repository if one has it, sends it otherwise, in one piece where the
   * registry takes that. An upload that breaks goes on where it ended. What is left of a failed one is cancelled.
   */
  uploadBlob(blob: Required<Expected>, read: Rereadable, options?: UploadOptions): Promise<Uploaded>;

  /** Whether the repository has a manifest or index under this tag or digest: its digest if the registry tells it. */
  hasManifest(reference: string, signal?: AbortSignal): Promise<boolean | Digest>;

  /** Takes a manifest or index away, with all its tags. @throws IMAGE_REGISTRY_NOT_FOUND */
  deleteManifest(digest: Digest, signal?: AbortSignal): Promise<void>;

  /** Puts a manifest or index in under a tag or its digest. */
  putManifest(
    reference: string,
    manifest: { readonly mediaType: string; readonly digest: Digest; readonly data: Uint8Array },
    signal?: AbortSignal,
  ): Promise<void>;
}

/**
 * One repository of a registry, for reading. Requests that fail for a passing reason are sent again; every await
 * ends at the signal. Errors are those of the table in errors.ts whose names begin with REGISTRY.
 */
export interface Repository {
  /**
   * The descriptor that a tag or digest stands for now, without the document. Undefined when the registry does not
   * tell the digest in advance.
   */
  resolve(reference: string, signal?: AbortSignal): Promise<Descriptor | undefined>;

  /**
   * A manifest or index by tag or digest.
   * @throws IMAGE_CONTENT_SIZE above 4 MiB, IMAGE_CONTENT_DIGEST
   */
  manifest(reference: string, signal?: AbortSignal): Promise<FetchedManifest>;

  /** What refers to a manifest as its subject; nothing for one that is not there. @throws OCI_IMAGE_* */
  referrers(digest: Digest, signal?: AbortSignal): Promise<readonly Descriptor[]>;

  /** All tags, in the registry's order. */
  tags(signal?: AbortSignal): Promise<string[]>;

  /**
   * The bytes of a blob from an offset. A connection that breaks is made again behind the last byte that arrived.
   * The bytes are not checked against the digest: whoever stores them does.
   *
   * @param options.brief a piece is valid only until the next one is asked for, see `BlobSource`
   */
  blob(
    expected: Expected,
    options?: { offset?: number; signal?: AbortSignal | undefined; brief?: boolean | undefined },
  ): AsyncIterable<Uint8Array>;
}
