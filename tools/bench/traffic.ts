import { setTimeout as sleep } from "node:timers/promises";
import { ADDRESS, anotherNamespace } from "./another-namespace.ts";
import { type CommandLine, type Contender, print, time } from "./contender.ts";
import { LOAD } from "./fixture.ts";
import { benchProgram } from "./programs.ts";
import type { Scenario } from "./scenario.ts";
import { SERVED, type Servers } from "./servers.ts";

const SERVER = "bench-server";
const CLIENT = "bench-client";
const ROUNDS = 5;
const REQUEST_ROUNDS = 15;
const KEPT_REQUESTS = 40_000;
const CONNECTIONS = 4000;
const MIB = 2048;

/** Where clients find a server, and how they are run. */
type Way = { readonly place: readonly string[]; readonly inside: (command: CommandLine) => CommandLine };

const here = (command: CommandLine): CommandLine => command;

const ownAddress = async (serving: Serving): Promise<Way> => ({
  place: await placeOf(serving),
  inside: here,
});

/** By a port of this machine, from here or from elsewhere. */
const ways: Readonly<Record<string, (serving: Serving) => Promise<Way>>> = {
  "a published port over loopback": async ({ published }) => ({
    place: ["127.0.0.1", String(published)],
    inside: here,
  }),
  "a published port from another network namespace": async ({ published }) => ({
    place: [ADDRESS, String(published)],
    inside: (await anotherNamespace()).inside,
  }),
};

/** Containers as servers, by way and by how many requests a connection has; and how fast one sends to another. */
export const trafficScenarios: readonly Scenario[] = [
  ...Object.entries(ways).flatMap(([name, way]) => [
    requests(`${KEPT_REQUESTS} requests to ${name}, keep-alive`, way, [String(KEPT_REQUESTS), "keep"]),
    requests(`${CONNECTIONS} requests to ${name}, a connection each`, way, [String(CONNECTIONS), "close"]),
  ]),
  {
    name: `${MIB} MiB from one container to another, on a bridge`,
    rounds: ROUNDS,
    prepare: forServers(async (serving) => {
      await startServer(serving, "sink");
      await time(serving.servers.start(CLIENT, ["sleep", "3600"]), serving.env);
    }),
    measure: forServers(async (serving) => {
      const send = [LOAD, "send", ...(await placeOf(serving)), String(MIB)];
      return Number(await print(serving.servers.exec(CLIENT, send), serving.env));
    }),
    finish: forServers(async ({ servers, env }) => {
      for (const name of [SERVER, CLIENT]) await time(servers.remove(name), env);
    }),
  },
];

/** Asked by a published port, and in the same rounds at the containers' own addresses: what the port itself costs. */
function requests(name: string, way: (serving: Serving) => Promise<Way>, words: readonly string[]): Scenario {
  const ask = (by: typeof way) =>
    forServers(async (serving) => {
      const { place, inside } = await by(serving);
      return Number(await print(inside([benchProgram("load"), "ask", ...place, ...words])));
    });
  return {
    name,
    rounds: REQUEST_ROUNDS,
    prepare: forServers((serving) => startServer(serving, "serve")),
    measure: ask(way),
    beside: { name: "own", measure: ask(ownAddress) },
    finish: forServers(async ({ servers, env }) => void (await time(servers.remove(SERVER), env))),
  };
}

/** A contender that has servers, and the machine's port for the one of them: each has its own, below those of clients. */
type Serving = {
  readonly servers: Servers;
  readonly published: number;
  readonly env: Contender["env"];
};

const ports = new Map<string, number>();

/** Does something where a contender can have servers. */
function forServers<T>(work: (serving: Serving) => Promise<T>) {
  return async ({ name, servers, env }: Contender): Promise<T | undefined> => {
    if (servers === undefined) return undefined;
    const published = ports.get(name) ?? 901 + ports.size;
    ports.set(name, published);
    return work({ servers, published, env });
  };
}

async function startServer(serving: Serving, role: "serve" | "sink"): Promise<void> {
  const { servers, published, env } = serving;
  await time(servers.start(SERVER, [LOAD, role, String(SERVED)], published), env);
  const first = role === "sink" ? "send" : "ask";
  await untilAnswers([benchProgram("load"), first, ...(await placeOf(serving)), "1"]);
}

async function placeOf({ servers, env }: Serving): Promise<string[]> {
  return [await print(servers.addressOf(SERVER), env), String(SERVED)];
}

/** A server that has just been started listens soon. */
async function untilAnswers(command: CommandLine): Promise<void> {
  for (let tries = 100; ; tries -= 1) {
    try {
      await print(command);
      return;
    } catch (error) {
      if (tries === 0) throw error;
      await sleep(50);
    }
  }
}
