/** What has become of a file of the image in a container. */
export type FileChange = {
  /** Absolute. */
  readonly path: string;
  readonly kind: "modified" | "added" | "deleted";
};
