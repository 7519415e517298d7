/** What a layer may cost before it is taken for an attack. */
export type LayerLimits = {
  /** Files, of all types. */
  readonly entries: number;
  /** Bytes of files, holes included. */
  readonly bytes: number;
  /** Directories above a file. */
  readonly depth: number;
  /** Times that a layer may be larger than its blob, once it has more than `freeBytes`; gzip can reach 1032. */
  readonly ratio: number;
  readonly freeBytes: number;
};

const GiB = 1024 ** 3;

export const defaultLimits: LayerLimits = {
  entries: 4_000_000,
  bytes: 1024 * GiB,
  depth: 1024,
  ratio: 1200,
  freeBytes: GiB,
};

/** PATH_MAX without the final NUL, and NAME_MAX. Source: include/uapi/linux/limits.h */
export const maxPathLength = 4095;
export const maxNameLength = 255;
