/** What is at a path in a container. */
export type PathDescription = {
  /** Last part of the path as it was given; `/` for the root. */
  readonly name: string;
  readonly size: number;
  /** As stat(2) has it: type and permission bits. */
  readonly mode: number;
  /** RFC 3339, with nanoseconds. */
  readonly modifiedAt: string;
  /** For a symbolic link: where it leads, as an absolute path in the container if there is something; else empty. */
  readonly linkTarget: string;
};
