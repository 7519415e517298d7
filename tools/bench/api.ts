import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import type { Scenario } from "./scenario.ts";

const CONTAINERS = 1000;
const WATCHERS = 100;
const AT_ONCE = 8;
const LISTINGS = 100;
const INSPECTIONS = 300;
const EVENTS = 40;
const ROUNDS = 3;

/** The image's name and all that is asked of the engine. */
const body = JSON.stringify({ Image: "bench:latest", Cmd: ["true"], HostConfig: { NetworkMode: "none" } });

/** What Docker's API of an engine with many containers takes: what all but one in a hundred answers take at most. */
export const apiScenarios: readonly Scenario[] = [
  ofMany(`list ${CONTAINERS} containers, the 99th percentile`, (socket) =>
    timesOf(LISTINGS, () => ask(socket, "GET", "/containers/json?all=1")),
  ),
  ofMany(`inspect one of ${CONTAINERS} containers, the 99th percentile`, (socket) =>
    timesOf(INSPECTIONS, (index) => ask(socket, "GET", `/containers/${nameOf(index * 3)}/json`)),
  ),
  ofMany(`an event for ${WATCHERS} clients, the 99th percentile`, timesOfEvents),
];

function ofMany(name: string, measure: (socket: string) => Promise<number[]>): Scenario {
  return {
    name,
    rounds: ROUNDS,
    async prepare({ socket }) {
      if (socket === undefined) return;
      await inParallel((index) => ask(socket, "POST", `/containers/create?name=${nameOf(index)}`, body));
    },
    measure: async ({ socket }) => (socket === undefined ? undefined : percentile(await measure(socket))),
    async finish({ socket }) {
      if (socket === undefined) return;
      await inParallel((index) => ask(socket, "DELETE", `/containers/${nameOf(index)}`));
    },
  };
}

function nameOf(index: number): string {
  return `bench-many-${index % CONTAINERS}`;
}

async function inParallel(work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < CONTAINERS) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function timesOf(count: number, work: (index: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const begin = performance.now();
    await work(index);
    times.push(performance.now() - begin);
  }
  return times;
}

/** From a change of a container's name until a client has heard of it, for each client. */
async function timesOfEvents(socket: string): Promise<number[]> {
  const watchers = await Promise.all(Array.from({ length: WATCHERS }, () => watch(socket)));
  const times: number[] = [];
  try {
    for (let index = 0; index < EVENTS; index += 1) {
      const begin = performance.now();
      const heard = watchers.map(async ({ next }) => {
        await next();
        times.push(performance.now() - begin);
      });
      const [from, to] = index % 2 === 0 ? [nameOf(0), "bench-renamed"] : ["bench-renamed", nameOf(0)];
      await ask(socket, "POST", `/containers/${from}/rename?name=${to}`);
      await Promise.all(heard);
    }
  } finally {
    for (const { end } of watchers) end();
  }
  return times;
}

/** Renames alone, as they happen. */
async function watch(socketPath: string): Promise<{ next: () => Promise<void>; end: () => void }> {
  const filters = encodeURIComponent(JSON.stringify({ event: ["rename"] }));
  const response = await open({ socketPath, method: "GET", path: `/events?filters=${filters}` });
  response.on("error", () => {});
  let heard = () => {};
  response.on("data", () => heard());
  return {
    next: () =>
      new Promise((done) => {
        heard = done;
      }),
    end: () => response.destroy(),
  };
}

async function ask(socketPath: string, method: string, path: string, data?: string): Promise<string> {
  const response = await open({ socketPath, method, path }, data);
  const answer = await text(response);
  if ((response.statusCode ?? 500) < 300) return answer;
  throw new Error(`${method} ${path}: ${response.statusCode} ${answer}`);
}

type Place = { readonly socketPath: string; readonly method: string; readonly path: string };

function open(place: Place, data?: string): Promise<IncomingMessage> {
  return new Promise((done, fail) => {
    const headers = data === undefined ? {} : { "content-type": "application/json" };
    request({ ...place, headers, agent: false }, done)
      .once("error", fail)
      .end(data);
  });
}

function percentile(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}
