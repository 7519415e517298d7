import type { Contender } from "./contender.ts";

/** The measured value, or undefined where the contender cannot do it. */
type Measure = (contender: Contender, round: number) => Promise<number | undefined>;

/** One thing that is measured. `measure` is called once per round and contender, in turn. */
export type Scenario = {
  readonly name: string;
  /** Of what is measured; left out: milliseconds. */
  readonly unit?: "KiB";
  readonly rounds: number;
  readonly prepare?: (contender: Contender) => Promise<void>;
  readonly measure: Measure;
  /** What `measure` is held against, taken in the same rounds: a line of its own for each contender, with this name behind its own. */
  readonly beside?: { readonly name: string; readonly measure: Measure };
  readonly finish?: (contender: Contender) => Promise<void>;
};
