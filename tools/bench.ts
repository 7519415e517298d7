// Measures tug beside its peers, in turn, in one run: npm run bench [-- WORDS OF A SCENARIO'S NAME]. Prints medians and how
// many times longer each takes than tug.
import { endAnotherNamespace } from "./bench/another-namespace.ts";
import { apiScenarios } from "./bench/api.ts";
import { containerdContender } from "./bench/containerd.ts";
import type { Contender } from "./bench/contender.ts";
import { engineContenders, engineNames } from "./bench/engines.ts";
import { makeFixture } from "./bench/fixture.ts";
import { fetchContainerd, ownContainerdContender } from "./bench/own-containerd.ts";
import { ownDockerContender } from "./bench/own-docker.ts";
import { isInOwnNamespaces, runInOwnNamespaces } from "./bench/own-namespaces.ts";
import { ownPodmanContender } from "./bench/own-podman.ts";
import { floorContender, overlayContender } from "./bench/pullers.ts";
import { pullScenarios } from "./bench/pulls.ts";
import { endOffers } from "./bench/registries.ts";
import { runtimeContenders } from "./bench/runtimes.ts";
import type { Scenario } from "./bench/scenario.ts";
import { scenarios } from "./bench/scenarios.ts";
import { trafficScenarios } from "./bench/traffic.ts";
import { skopeoContender } from "./bench/transferrers.ts";
import { transferScenarios } from "./bench/transfers.ts";
import { tugContender } from "./bench/tug.ts";

const wanted = process.argv.slice(2).join(" ");
if (!isInOwnNamespaces() && isWanted(pullScenarios)) await fetchContainerd();
const elsewhere = runInOwnNamespaces();
if (elsewhere !== undefined) process.exit(elsewhere);

await using fixture = await makeFixture();
await using stack = new AsyncDisposableStack();
stack.defer(endOffers);
stack.defer(endAnotherNamespace);
const tug = stack.use(await tugContender(fixture));
const withPulls = isWanted(pullScenarios);
const withImages = withPulls || isWanted(transferScenarios);
const pullers = withPulls ? [stack.use(await overlayContender(fixture)), floorContender()] : [];
const runtimes = (await runtimeContenders(fixture, tug)).map((each) => stack.use(each));
const containerd = containerdContender(fixture);
const engines = [...(containerd ? [containerd] : []), ...engineContenders(fixture)].map((each) =>
  stack.use(each),
);
const isInstalled = (given: string) => engines.some(({ name }) => name === given);
const withDaemon = withImages || isWanted([...trafficScenarios, ...apiScenarios]) || !isInstalled("docker");
const daemons = withDaemon ? await own("dockerd", ownDockerContender) : [];
if (withPulls)
  for (const each of ["erofs", "overlayfs"] as const)
    pullers.push(...(await own(`containerd-${each}`, (given) => ownContainerdContender(given, each))));

if (isWanted(transferScenarios)) pullers.push(...skopeoContender(fixture));
if (!isInstalled("podman")) pullers.push(...(await own("own-podman", ownPodmanContender)));
const contenders: readonly Contender[] = [tug, ...runtimes, ...pullers, ...engines, ...daemons];

for (const { name, version } of contenders) console.log(`${name.padEnd(10)} ${version}`);
for (const name of ["containerd", ...engineNames]) {
  if (engines.every((each) => each.name !== name))
    console.log(`${name.padEnd(10)} not installed, or it does not answer`);
}
for (const scenario of scenarios) {
  if (isWanted([scenario])) report(scenario, await run(scenario));
}

function isWanted(some: readonly Scenario[]): boolean {
  return some.some(({ name }) => name.includes(wanted));
}

/** A peer from the cache of the tests, in this network namespace, or a line that says why there is none. */
async function own(name: string, open: (given: typeof fixture) => Promise<Contender>): Promise<Contender[]> {
  try {
    return [stack.use(await open(fixture))];
  } catch (error) {
    console.log(`${name.padEnd(10)} not available: ${(error as Error).message}`);
    return [];
  }
}

/**
 * Times by contender, taken in turn, each round in another order: what a container leaves for the kernel to do would
 * otherwise always burden the same one that comes next. After one round that does not count.
 */
async function run(scenario: Scenario): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>();
  for (const contender of contenders) await scenario.prepare?.(contender);
  for (let round = -1; round < scenario.rounds; round += 1) {
    for (const { name, contender, measure } of shuffled(linesOf(scenario))) {
      const took = await measure(contender, round);
      if (took === undefined || round < 0) continue;
      times.set(name, [...(times.get(name) ?? []), took]);
    }
  }
  for (const contender of contenders) await scenario.finish?.(contender);
  return times;
}

/** The lines of a scenario, in the order in which they are printed. */
function linesOf({ measure, beside }: Scenario) {
  const lines = contenders.map((contender) => ({ name: contender.name, contender, measure }));
  if (beside === undefined) return lines;
  return [
    ...lines,
    ...contenders.map((contender) => ({
      name: `${contender.name} ${beside.name}`,
      contender,
      measure: beside.measure,
    })),
  ];
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value);
}

function report(scenario: Scenario, times: ReadonlyMap<string, number[]>): void {
  const { name: title, unit } = scenario;
  // What tug itself cannot do is told against tug-oci.
  const rows = linesOf(scenario).flatMap(({ name }) => {
    const taken = times.get(name);
    return taken === undefined ? [] : [[name, taken] as const];
  });
  const [first = "", values = [Number.NaN]] = rows[0] ?? [];
  const base = median(values);
  console.log(`\n${title} (${unit ?? "milliseconds"})`);
  console.log(`                  median      min      max   times ${first}`);
  for (const [contender, taken] of rows) {
    const row = [median(taken), Math.min(...taken), Math.max(...taken)].map((value) =>
      value.toFixed(1).padStart(8),
    );
    console.log(
      `${contender.padEnd(14)}  ${row.join(" ")}  ${(median(taken) / base).toFixed(2).padStart(10)}`,
    );
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
