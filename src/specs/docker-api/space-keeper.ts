/** One item of the answer to GET /tug/system/keepers: what keeps blobs and unpacked layers on the disk. Bytes. */
export type SpaceKeeper = {
  /** `use`: containers whose image has no name, and work under way. `nothing`: leftovers. */
  readonly Kind: "image" | "repository" | "use" | "nothing";
  readonly Id?: string | undefined;
  readonly Names: readonly string[];
  /** Made from an image. */
  readonly Containers: readonly string[];
  readonly BlobBytes: number;
  readonly LayerBytes: number;
  /** What would be free without it. */
  readonly AloneBytes: number;
  /** Of an image: when it was last used; RFC 3339. */
  readonly LastUsed?: string | undefined;
  /** Of an image that goes when the budget of the disk is passed: before it go so many less one. */
  readonly Turn?: number | undefined;
  /** Of another image: why it stays. */
  readonly Stays?: string | undefined;
};
