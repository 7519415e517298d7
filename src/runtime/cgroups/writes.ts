import type { ErrnoName } from "../../plan/index.ts";

/** One value for one file of a container's group. The writes of a list are made in its order. */
export type CgroupWrite = {
  /** Whose group the file is in: see `hierarchyOf`. */
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** JSON pointer into config.json, or into the resources object of an update. */
  readonly from: string;
  /** Failures that do not matter, with the reason at the place that says so. */
  readonly ignore?: readonly ErrnoName[];
  /** What is written where the group has no such file: kernels differ in which of the two they have. */
  readonly instead?: { readonly file: string; readonly value: string };
};
