import type { Contender } from "./contender.ts";

/** One thing that is measured. `measure` is called once per round and contender, in turn. */
export type Scenario = {
  readonly name: string;
  /** Of what is measured; left out: milliseconds. */
  readonly unit?: "KiB";
  readonly rounds: number;
  readonly prepare?: (contender: Contender) => Promise<void>;
  /** The measured value, or undefined where the contender cannot do it. */
  readonly measure: (contender: Contender, round: number) => Promise<number | undefined>;
  readonly finish?: (contender: Contender) => Promise<void>;
};
