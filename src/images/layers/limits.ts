import { imageError } from "../errors.ts";

/** What a layer may cost before it is taken for an attack. */
export type LayerLimits = {
  /** Files, of all types. */
  readonly entries: number;
  /** Bytes of files, holes included; and bytes of the archive. */
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

/** What a layer is held to: its limits, and the bytes of the blob that it comes in, where they are known. */
export type Bounds = { readonly limits: LayerLimits; readonly blobSize: number | undefined };

/** Refuses more bytes than an honest layer has. @throws IMAGE_LAYER_LIMIT */
export function checkBytes(total: number, { limits, blobSize }: Bounds): void {
  if (total > limits.bytes) throw tooMuch(`more than ${limits.bytes} bytes`);
  const ratio = total / (blobSize ?? Number.POSITIVE_INFINITY);
  if (total > limits.freeBytes && ratio > limits.ratio)
    throw tooMuch(`${total} bytes in a blob of ${blobSize}`);
}

/** The error for a layer that has more of something than any honest one. */
export function tooMuch(what: string) {
  return imageError("LAYER_LIMIT", `cannot unpack a layer: it has ${what}`, {
    hint: "the image may be an attack: use another one",
  });
}

/** PATH_MAX without the final NUL, and NAME_MAX. Source: include/uapi/linux/limits.h */
export const maxPathLength = 4095;
export const maxNameLength = 255;
