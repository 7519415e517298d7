import type { Descriptor } from "../../specs/index.ts";
import type { Expected } from "../content/content-store.ts";

/** A manifest or index as a registry gave it; `data` has been checked against the descriptor's digest. */
export type FetchedManifest = { descriptor: Descriptor; data: Uint8Array };

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

  /**
   * The bytes of a blob from an offset. A connection that breaks is made again behind the last byte that arrived.
   * The bytes are not checked against the digest: whoever stores them does.
   */
  blob(
    expected: Expected,
    options?: { offset?: number; signal?: AbortSignal | undefined },
  ): AsyncIterable<Uint8Array>;
}
