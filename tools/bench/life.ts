import { setTimeout as sleep } from "node:timers/promises";
import { type Contender, type LifeSteps, print, time, timeRested } from "./contender.ts";
import type { Scenario } from "./scenario.ts";

/** What happens around the measured step of a container's life. */
type Step = {
  readonly before: readonly (keyof LifeSteps)[];
  readonly measured: keyof LifeSteps;
  readonly pause?: number;
};

/** One row per command that callers of a low-level runtime use most; whoever has no such commands is left out. */
const rows: Readonly<Record<string, Step>> = {
  create: { before: [], measured: "create" },
  start: { before: ["create"], measured: "start" },
  state: { before: ["create", "start"], measured: "state" },
  kill: { before: ["create", "start"], measured: "kill" },
  "delete of a stopped container": { before: ["create", "start", "kill"], measured: "remove" },
};

export const lifeScenarios: readonly Scenario[] = Object.entries(rows).map(([name, step]) => ({
  name: `${name}, as a command of its own`,
  rounds: 20,
  measure: (contender, round) => measureStep(contender, step, `bench-life-${round}`),
}));

/** What follows a pause of so many milliseconds finds the kernel's locks and the processors' caches cold. */
export const PAUSE = 1000;

/** Creating after a pause. */
export const restedCreate: Scenario = {
  name: "create, rested",
  rounds: 8,
  measure: (contender, round) =>
    measureStep(contender, { before: [], measured: "create", pause: PAUSE }, `bench-rested-${round}`),
};

async function measureStep(
  { steps, remove, env }: Contender,
  { before, measured, pause = 0 }: Step,
  id: string,
): Promise<number | undefined> {
  if (steps === undefined || remove === undefined) return undefined;
  try {
    for (const step of before) {
      await time(steps[step](id, "KILL"), env);
      if (step === "kill") await stopped(steps, id, env);
    }
    return await timeRested(pause, steps[measured](id, "KILL"), env);
  } finally {
    if (measured !== "remove") await time(remove(id), env);
  }
}

/** Waits until a container that was killed has ended. */
async function stopped(steps: LifeSteps, id: string, env: Contender["env"]): Promise<void> {
  while (!/"status": *"stopped"/.test(await print(steps.state(id), env))) await sleep(5);
}
