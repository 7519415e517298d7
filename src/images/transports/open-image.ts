import type { Digest } from "../../base/index.ts";
import type { Descriptor, Manifest } from "../../specs/index.ts";
import type { Expected } from "../content/content-store.ts";
import type { Reference } from "../reference.ts";
import type { Rereadable, Uploaded, UploadOptions } from "../registry/repository.ts";

/** An image somewhere, to be read. */
export interface ImageReader extends AsyncDisposable {
  /** Where it is in a registry: other repositories there may take its blobs over. */
  readonly reference?: Reference | undefined;
  /** What the name stands for: a manifest or an index. */
  root(signal?: AbortSignal): Promise<Descriptor>;
  /** The bytes of a manifest or index, which are those of the digest. */
  document(descriptor: Descriptor, signal?: AbortSignal): Promise<Uint8Array>;
  /** The bytes of a blob, which nobody has checked. */
  blob(
    blob: Expected,
    options: { offset: number; signal?: AbortSignal | undefined },
  ): AsyncIterable<Uint8Array>;
}

/** A document on its way. */
export type SentDocument = { readonly mediaType: string; readonly digest: Digest; readonly data: Uint8Array };

/** What an image is, when all of it has arrived. `manifest` is undefined for an index. */
export type Sent = { readonly root: SentDocument; readonly manifest: Manifest | undefined };

/** A place for an image. Nothing of it is to be seen there before `finish`, but for blobs without a name. */
export interface ImageWriter extends AsyncDisposable {
  /** Where it is going to be in a registry. */
  readonly reference?: Reference | undefined;
  /** Whether an index with all of its images has a place there. */
  readonly takesIndexes: boolean;
  /** What the name stands for there now, where that can be told. */
  current(signal?: AbortSignal): Promise<Digest | undefined>;
  hasBlob(digest: Digest, signal?: AbortSignal): Promise<boolean>;
  putBlob(blob: Required<Expected>, read: Rereadable, options: UploadOptions): Promise<Uploaded>;
  /** Comes after all that the document refers to; the last one comes with `finish`. */
  putDocument(document: SentDocument, signal?: AbortSignal): Promise<void>;
  /** Puts the last document in and gives the image its name. */
  finish(sent: Sent, signal?: AbortSignal): Promise<void>;
}
