import { setTimeout as sleep } from "node:timers/promises";
import { type Contender, time } from "./contender.ts";

/** One thing that is timed. `measure` is called once per round and contender, in turn. */
export type Scenario = {
  readonly name: string;
  readonly rounds: number;
  readonly prepare?: (contender: Contender) => Promise<void>;
  /** Milliseconds, or undefined where the contender cannot do it. */
  readonly measure: (contender: Contender, round: number) => Promise<number | undefined>;
  readonly finish?: (contender: Contender) => Promise<void>;
};

const KEPT = "bench-kept";
const MANY = 50;
const AT_ONCE = 8;

/** Everything that the bench times. "Rested": after a pause of a second, when the kernel's locks are cold. */
export const scenarios: readonly Scenario[] = [
  { name: "run and exit of true", rounds: 30, measure: ({ runTrue, env }) => timed(runTrue?.(""), env) },
  {
    name: "the same, rested",
    rounds: 8,
    async measure({ runTrue, env }) {
      await sleep(1000);
      return timed(runTrue?.(""), env);
    },
  },
  {
    name: "exec of true",
    rounds: 30,
    prepare: async ({ keep, env }) => void (await timed(keep?.(KEPT), env)),
    measure: ({ execTrue, env }) => timed(execTrue?.(KEPT), env),
    finish: async ({ remove, env }) => void (await timed(remove?.(KEPT), env)),
  },
  {
    name: `start ${MANY}, ${AT_ONCE} at a time`,
    rounds: 2,
    async measure(contender, round) {
      const names = Array.from({ length: MANY }, (_, index) => `bench-${round}-${index}`);
      const took = await parallel(names, contender.start, contender.env);
      await parallel(names, contender.remove, contender.env);
      return took;
    },
  },
];

async function timed(
  command: readonly string[] | undefined,
  env?: Contender["env"],
): Promise<number | undefined> {
  return command === undefined ? undefined : time(command, env);
}

async function parallel(
  names: readonly string[],
  make: Contender["start"],
  env: Contender["env"],
): Promise<number | undefined> {
  if (make === undefined) return undefined;
  const waiting = [...names];
  const begin = performance.now();
  const worker = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await time(make(name), env);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return performance.now() - begin;
}
