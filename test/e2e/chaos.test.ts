import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, connect } from "../../src/api/docker/client/index.ts";
import { TugError } from "../../src/base/index.ts";
import { createChance } from "./harness/chance.ts";
import { type Engine, leavesNothing, needsBox, until, useEngine } from "./harness/index.ts";

const seed = Number(process.env.TUG_CHAOS_SEED ?? Date.now() % 1_000_000_007);
const deaths = Number(process.env.TUG_CHAOS_DEATHS ?? 100);

/** So many containers live at a time. */
const PARALLEL = 4;

/** Most engines are killed so long after they are ready, in milliseconds, the others so long after their begin. */
const LONGEST_LIFE = 500;
const LONGEST_START = 700;

/** What a command says when the engine dies under it. */
const engineGone = /engine has gone|lost the connection to the engine|cannot connect to the engine/;

/** In milliseconds; a death takes one to two seconds. */
const timeout = 600_000;

describe("the engine is killed again and again", { skip: needsBox(), timeout }, () => {
  const engine = useEngine();

  test(`${deaths} deaths cost no line, no exit code and leave nothing`, { timeout }, async (t) => {
    t.diagnostic(`seed ${seed}: TUG_CHAOS_SEED=${seed} repeats the choices`);
    await leavesNothing(engine, async () => {
      const [end, failed] = [new AbortController(), new AbortController()];
      const revive = async (): Promise<void> => {
        failed.signal.throwIfAborted();
        await sleep(10);
      };
      using client = connect({ socket: join(engine.run, "tug.sock"), revive });
      const living = Promise.all(
        Array.from({ length: PARALLEL }, (_, worker) => liveOn(client, { worker, end: end.signal })),
      );
      living.catch((error) => failed.abort(error));
      await killEngines(failed.signal).catch((error) => failed.abort(error));
      end.abort();
      const kinds = (await living).flat();
      failed.signal.throwIfAborted();
      await checkEvents();
      t.diagnostic(`${kinds.length} containers lived: ${count(kinds)}`);
    });
  });

  /** The names of containers and what happened to them. */
  async function allEvents(): Promise<string[][]> {
    const range = ["--since", "1h", "--until", "0s", "--format", "{{.Actor.Attributes.name}} {{.Action}}"];
    return (await engine.ok(["events", ...range])).split("\n").map((line) => line.split(" ", 2));
  }

  /** Every container was made and removed once, and ended as often as it began. */
  async function checkEvents(): Promise<void> {
    // Nobody sees a container any more that is being removed.
    await until("the last removals are told", async () => {
      const all = await allEvents();
      const names = (action: string) => all.filter(([, each]) => each === action).map(([name]) => name);
      const removed = new Set(names("destroy"));
      return names("create").every((name) => removed.has(name));
    });
    const events = await allEvents();
    const happened = Object.groupBy(events, ([name = ""]) => name);
    for (const [name, all = []] of Object.entries(happened)) {
      const often = (action: string): number => all.filter(([, found]) => found === action).length;
      if (often("create") === 0) continue;
      const [starts, ends] = [often("start"), often("die")];
      assert.deepEqual(
        [often("create"), often("destroy"), ends],
        [1, 1, starts],
        `events of ${name}: ${all}`,
      );
    }
  }

  /** Lets one container after the other live until the end. */
  async function liveOn(
    client: Client,
    { worker, end }: { worker: number; end: AbortSignal },
  ): Promise<string[]> {
    const chance = createChance(seed * 31 + worker);
    const lived: string[] = [];
    while (!end.aborted) {
      const kind = chance.one(Object.keys(lives) as (keyof typeof lives)[]);
      const name = `${kind}-${worker}-${lived.length}`;
      const life = { client, name, lines: chance.between(1, 40), code: chance.between(1, 120) };
      try {
        await lives[kind](life);
      } catch (error) {
        throw new Error(`${name} (seed ${seed}): ${error}`, { cause: error });
      }
      lived.push(kind);
    }
    return lived;
  }

  type Life = {
    readonly client: Client;
    readonly name: string;
    readonly lines: number;
    readonly code: number;
  };

  const lives = {
    /** Waited for by a command. */
    async waited(life: Life): Promise<void> {
      await create(life);
      await start(life);
      const { code, stdout, stderr } = await engine.tug(["wait", life.name]);
      assert.deepEqual([code, stdout], [0, `${life.code}\n`], `tug wait: ${stderr}`);
      await checkEnd(life, 1);
      await remove(life);
    },
    /** Waited for by a program, with others that run beside it. */
    async visited(life: Life): Promise<void> {
      const { client, name } = life;
      await create(life);
      await start(life);
      const { ended } = await client.containers.wait(name);
      await Promise.all([execDetached(life), execAttached(life)]);
      assert.equal((await ended).StatusCode, life.code);
      await checkEnd(life, 1);
      await remove(life);
    },
    async removed(life: Life): Promise<void> {
      await create(life, { AutoRemove: true });
      await start(life);
      while ((await inspect(life)) !== undefined) await sleep(20);
    },
    async failing(life: Life): Promise<void> {
      const short = { ...life, lines: Math.ceil(life.lines / 4) };
      await create(short, { RestartPolicy: { Name: "on-failure", MaximumRetryCount: 2 } });
      await start(short);
      while ((await inspect(life))?.State.Status !== "exited") await sleep(20);
      assert.equal((await inspect(life))?.RestartCount, 2);
      await checkEnd(short, 3);
      await remove(life);
    },
    async killed(life: Life): Promise<void> {
      const { client, name } = life;
      await create({ ...life, lines: 1_000_000 });
      await start(life);
      await sleep(life.lines * 10);
      await insist(
        () => client.containers.kill(name),
        (error) => error.kind === "conflict",
      );
      const { ended } = await client.containers.wait(name);
      assert.equal((await ended).StatusCode, 137);
      await remove(life);
    },
  };

  async function create({ client, name, lines, code }: Life, hostConfig = {}): Promise<void> {
    const script = `i=1; while [ $i -le ${lines} ]; do echo out $i; echo err $i >&2; i=$((i+1)); usleep 20000; done; exit ${code}`;
    const body = {
      Image: "box",
      Cmd: ["sh", "-c", script],
      HostConfig: { NetworkMode: "none", ...hostConfig },
    };
    // Who did not hear of the first success is told that the name is taken.
    await insist(
      () => client.containers.create(body, { name }),
      (error) => error.code === "ENGINE_CONTAINER_NAME_TAKEN",
    );
  }

  /** Starts it once. Who did not hear of a success sees it by the container; one with --rm may be gone. */
  async function start(life: Life): Promise<void> {
    for (let begun = false; ; ) {
      try {
        await life.client.containers.start(life.name);
        return;
      } catch (error) {
        const removed = begun && error instanceof TugError && error.kind === "notFound";
        if (removed) return;
        if (!isLoss(error)) throw error;
      }
      begun = true;
      const found = await inspect(life);
      if (found === undefined || !found.State.StartedAt.startsWith("0001")) return;
    }
  }

  /** A program that was begun beside a container's own ends with its own code, whoever asks. */
  async function execDetached({ client, name }: Life): Promise<void> {
    const exec = await begin(client, name);
    if (exec === undefined) return;
    for (;;) {
      const state = await client.execs.inspect(exec).catch(unlessGone);
      if (state === undefined) return;
      if (!state.Running) {
        // The container may have ended before it.
        assert.ok([7, 137].includes(state.ExitCode ?? -1), `exec ended with ${state.ExitCode}`);
        return;
      }
      await sleep(20);
    }
  }

  async function begin(client: Client, name: string): Promise<string | undefined> {
    const body = { Cmd: ["sh", "-c", "usleep 200000; exit 7"] };
    try {
      const { Id } = await client.execs.create(name, body);
      await client.execs.start(Id);
      return Id;
    } catch (error) {
      if (isLoss(error) || (error instanceof TugError && /not running|no such/i.test(error.message))) return;
      throw error;
    }
  }

  /** A command that is attached when the engine dies says so. */
  async function execAttached({ name }: Life): Promise<void> {
    const { code, stdout, stderr } = await engine.tug([
      "exec",
      name,
      "sh",
      "-c",
      "usleep 50000; echo done; exit 7",
    ]);
    if (code === 7) assert.equal(stdout, "done\n");
    else if (code !== 137)
      assert.match(stderr, /is not running|no such container/i.test(stderr) ? /./ : engineGone);
  }

  async function checkEnd(life: Life, runs: number): Promise<void> {
    const { client, name, lines, code } = life;
    const state = (await inspect(life))?.State;
    assert.deepEqual([state?.Status, state?.ExitCode, state?.Error], ["exited", code, ""]);
    const expected = (word: string) =>
      Array.from({ length: lines * runs }, (_, index) => `${word} ${(index % lines) + 1}\n`).join("");
    const found = await insist(async () => {
      const logs = { stdout: "", stderr: "" };
      for await (const { stream, data } of client.containers.logs(name))
        logs[stream] += Buffer.from(data).toString();
      return logs;
    });
    assert.deepEqual(found, { stdout: expected("out"), stderr: expected("err") }, "lines of the log");
  }

  const inspect = ({ client, name }: Life) => insist(() => client.containers.inspect(name).catch(unlessGone));

  async function remove({ client, name }: Life): Promise<void> {
    await insist(
      () => client.containers.remove(name),
      (error) => error.kind === "notFound",
    );
  }

  /** Kills engines at any moment of their lives, and has the next one started. */
  async function killEngines(failed: AbortSignal): Promise<void> {
    const chance = createChance(seed);
    for (let killed = 0; killed < deaths && !failed.aborted; ) {
      const ready = engine.ok(["version"]);
      if (chance.between(1, 5) > 1) await ready.then(() => sleep(chance.between(0, LONGEST_LIFE)));
      else await sleep(chance.between(0, LONGEST_START));
      for (const pid of enginePids(engine)) {
        process.kill(pid, "SIGKILL");
        killed += 1;
      }
      // A command that the engine died under, or that had not begun yet, starts the next one.
      ready.catch(() => undefined);
    }
    await engine.ok(["version"]);
  }
});

/** Does something again for as long as it is the engine's death that it fails of. */
async function insist<T>(work: () => Promise<T>, isDone: (error: TugError) => boolean = () => false) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TugError && isDone(error)) return undefined;
      if (!isLoss(error)) throw error;
    }
  }
}

function isLoss(error: unknown): boolean {
  return error instanceof TugError && ["CLIENT_BROKEN", "CLIENT_UNREACHABLE"].includes(error.code);
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof TugError) || error.kind !== "notFound") throw error;
}

function enginePids({ data }: Engine): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const words = commandLine(pid);
      return words[0]?.endsWith("/node") === true && words.includes(data);
    })
    .map(Number);
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(join("/proc", pid, "cmdline"), "utf8").split("\0");
  } catch {
    return [];
  }
}

function count(kinds: readonly string[]): string {
  return [...new Set(kinds)]
    .map((kind) => `${kinds.filter((one) => one === kind).length} ${kind}`)
    .join(", ");
}
