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
};
