import { setTimeout as sleep } from "node:timers/promises";
import { apiScenarios } from "./api.ts";
import { type CommandLine, type Contender, type Network, print, time, timeRested } from "./contender.ts";
import { lifeScenarios, PAUSE, restedCreate } from "./life.ts";
import { logFile, makeLogFile, removeLogFile } from "./log-file.ts";
import { parentOf, proportionalSize } from "./memory.ts";
import { pullScenarios } from "./pulls.ts";
import type { Scenario } from "./scenario.ts";
import { trafficScenarios } from "./traffic.ts";
import { transferScenarios } from "./transfers.ts";

const KEPT = "bench-kept";
const MANY = 50;
const CROWD = 100;
const LOGGED = "bench-logged";

/** After so long without work monitors and engines have given back what they do not need, in milliseconds. */
const REST = 5000;
const AT_ONCE = 8;

/** How long the kernel gets to remove what many containers have left, in milliseconds. */
const SETTLING = 2000;

/** Everything that the bench times. "Rested": after a pause of a second, when the kernel's locks and the processors' caches are cold. */
export const scenarios: readonly Scenario[] = [
  {
    name: "run and exit of true",
    rounds: 100,
    measure: ({ runTrue, env }) => timedRested(0, runTrue?.("none"), env),
  },
  {
    name: "run and exit of true, rested",
    rounds: 8,
    measure: ({ runTrue, env }) => timedRested(PAUSE, runTrue?.("none"), env),
  },
  {
    name: "run and exit of true, on a bridge",
    rounds: 40,
    measure: ({ runTrue, env }) => timedRested(0, runTrue?.("bridge"), env),
  },
  {
    name: "exec of true",
    rounds: 100,
    prepare: async ({ keep, env }) => void (await timed(keep?.(KEPT), env)),
    measure: ({ execTrue, env }) => timedRested(0, execTrue?.(KEPT), env),
    finish: async ({ remove, env }) => void (await timed(remove?.(KEPT), env)),
  },
  {
    name: "exec of true, rested",
    rounds: 8,
    prepare: async ({ keep, env }) => void (await timed(keep?.(KEPT), env)),
    measure: ({ execTrue, env }) => timedRested(PAUSE, execTrue?.(KEPT), env),
    finish: async ({ remove, env }) => void (await timed(remove?.(KEPT), env)),
  },
  ...lifeScenarios,
  restedCreate,
  ...trafficScenarios,
  ...apiScenarios,
  ...pullScenarios,
  ...transferScenarios,
  startMany(`start ${MANY}, ${AT_ONCE} at a time`, { network: "none" }),
  startMany(`start ${MANY}, ${AT_ONCE} at a time, on a bridge`, { network: "bridge" }),
  startMany(`start and remove ${MANY}, ${AT_ONCE} at a time`, { network: "none", removing: true }),
  {
    name: `log ${logFile.size >> 20} MiB of ${logFile.line}-byte lines`,
    rounds: 3,
    prepare: async () => makeLogFile(),
    async measure({ writeLog, remove, env }, round) {
      const name = `${LOGGED}-${round}`;
      const took = await timed(writeLog?.(name, logFile.path), env);
      if (took !== undefined) await timed(remove?.(name), env);
      return took;
    },
    finish: async () => removeLogFile(),
  },
  {
    name: "read that log",
    rounds: 3,
    async prepare({ writeLog, env }) {
      await makeLogFile();
      await timed(writeLog?.(LOGGED, logFile.path), env);
    },
    measure: ({ readLog, env }) => timed(readLog?.(LOGGED), env),
    async finish({ readLog, remove, env }) {
      if (readLog !== undefined) await timed(remove?.(LOGGED), env);
      await removeLogFile();
    },
  },
  {
    name: `memory of a monitor, ${CROWD} idle`,
    unit: "KiB",
    rounds: 1,
    prepare: startCrowd,
    async measure({ pidOf, env }) {
      if (pidOf === undefined) return undefined;
      const pids = await Promise.all(crowd.map((name) => print(pidOf(name), env)));
      return proportionalSize(pids.map((pid) => parentOf(Number(pid)))) / CROWD;
    },
    finish: endCrowd,
  },
  {
    name: `memory of the engine, ${CROWD} idle containers`,
    unit: "KiB",
    rounds: 1,
    prepare: startCrowd,
    measure: async ({ resident }) => resident && proportionalSize(resident()),
    finish: endCrowd,
  },
];

const crowd = Array.from({ length: CROWD }, (_, index) => `bench-crowd-${index}`);

async function startCrowd({ pidOf, start, env }: Contender): Promise<void> {
  if (pidOf === undefined) return;
  const commands = crowd.map((name) => start?.(name, "none"));
  await parallel(commands, env);
  await sleep(REST);
}

async function endCrowd({ pidOf, remove, env }: Contender): Promise<void> {
  if (pidOf === undefined) return;
  const commands = crowd.map((name) => remove?.(name));
  await parallel(commands, env);
}

/** @param removing the removal is timed, too */
function startMany(
  name: string,
  { network, removing = false }: { network: Network; removing?: boolean },
): Scenario {
  return {
    name,
    rounds: removing ? 8 : 4,
    async measure({ start, remove, env }, round) {
      if (start === undefined) return undefined;
      const names = Array.from({ length: MANY }, (_, index) => `bench-${round + 1}-${index}`);
      const starts = names.map((each) => start(each, network));
      // The kernel goes on removing for a while what others had, network namespaces above all: that is for nobody else to wait for.
      await sleep(SETTLING);
      const took = await parallel(starts, env);
      if (took === undefined) return undefined;
      const removals = names.map((each) => remove?.(each));
      const removed = await parallel(removals, env);
      return removing ? took + (removed ?? 0) : took;
    },
  };
}

async function timed(
  command: readonly string[] | undefined,
  env?: Contender["env"],
): Promise<number | undefined> {
  return command === undefined ? undefined : time(command, env);
}

async function timedRested(
  pause: number,
  command: readonly string[] | undefined,
  env?: Contender["env"],
): Promise<number | undefined> {
  return command === undefined ? undefined : timeRested(pause, command, env);
}

/** How long so many commands take, a few at a time; undefined where there are none. */
async function parallel(
  commands: readonly (CommandLine | undefined)[],
  env: Contender["env"],
): Promise<number | undefined> {
  const waiting = commands.filter((command) => command !== undefined);
  if (waiting.length === 0) return undefined;
  const begin = performance.now();
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await time(next, env);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return performance.now() - begin;
}
