import type { PathDescription, WriteOptions } from "../../../../engine/index.ts";

/**
 * What the archive routes need of the engine: files of containers, running or not, by paths that are resolved inside the
 * container.
 *
 * | situation | kind |
 * | --- | --- |
 * | there is nothing at the path | notFound, without `container` in the details |
 * | the directory to write to is something else | invalid |
 * | it is read-only | forbidden |
 */
export interface ArchivePort {
  describe(reference: string, path: string): Promise<PathDescription>;
  read(
    reference: string,
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly description: PathDescription; readonly archive: AsyncIterable<Uint8Array> }>;
  write(
    reference: string,
    options: WriteOptions,
    from: { readonly archive: AsyncIterable<Uint8Array>; readonly signal: AbortSignal },
  ): Promise<void>;
}
