/**
 * What writes and reads trees of files, in the stream format of tree-record.ts. The C helper does it: nothing in
 * TypeScript opens a path below a root file system.
 */
export interface TreePort {
  /**
   * Makes the files of a stream below a directory, which must exist.
   *
   * Names are resolved below the directory and never outside of it. Missing parents are made (0755, root). An existing
   * file is replaced, an existing directory is kept and gets the new metadata; modification times of directories
   * are set at the end. A stream that ends without its end record, or breaks, is a failure; what was made stays. A
   * failed write tells its errno, as `code` of a system error or in `details.errno`: a full disk is ENOSPC. A piece of the
   * stream is used only until the next one is asked for.
   */
  unpack(directory: string, records: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>;

  /**
   * The tree below a directory as a stream, parents before their children, in the order of names; `path` is the part
   * of it to give. A file with several names comes whole under the first and as hard links under the others.
   */
  pack(directory: string, options: { path?: string }, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}
