import type { Socket } from "node:net";
import { createMutex, type Logger, messageOf } from "../../base/index.ts";
import { errnoName, type ProcessMaker } from "../../helper/index.ts";
import type { TopGroup } from "../../host/index.ts";
import type { PublishedPort } from "../nftables/ruleset.ts";
import { type ShortWay, shortWays } from "./places.ts";
import { shortcutPrograms } from "./program.ts";

/**
 * Leads TCP connections of programs in the engine's network namespace that go to published ports over loopback straight to
 * the container: no packet of theirs has its addresses translated. Whatever cannot go this way goes through the packet
 * filter, as does everything where the kernel lets nobody have it. It ends with the engine. See docs/networks.md, "The short way".
 */
export interface Shortcut extends Disposable {
  /**
   * Opens the short way to ports.
   *
   * @param known all that are published, for a fresh one
   */
  open(ports: readonly PublishedPort[], known: () => readonly PublishedPort[]): Promise<void>;
  /** Closes it. */
  close(ports: readonly PublishedPort[]): Promise<void>;
  /** Whether connections to a port go that way now. */
  has(port: PublishedPort): boolean;
}

export type ShortcutOptions = {
  readonly maker: ProcessMaker;
  readonly logger: Logger;
  /** Finds the control group whose processes' connections are meant. */
  readonly group: () => Promise<TopGroup | undefined>;
};

const OPEN = 1;
const ATTACH = 2;
const PUT = 3;
const REMOVE = 4;
const HEAD_SIZE = 8;
const ANSWER_SIZE = 20;
/** How many ports go in one request, which has 64 KiB at most. */
const PORTS_AT_ONCE = 1000;

/** Nothing is asked of the kernel before a port is published that it is for. */
export function openShortcut({ maker, logger, group }: ShortcutOptions): Shortcut {
  let process: Process | undefined;
  let isPossible = true;
  const alone = createMutex();
  const start = async (): Promise<Process> => {
    const top = await group();
    if (top === undefined) throw new Error("there are no control groups of version 2");
    const started = await startProcess(maker, top);
    started.socket.once("close", () => {
      if (process !== started) return;
      process = undefined;
      logger.log("warn", "shortcut.lost", {});
    });
    return started;
  };
  /** What fails is no failure of the port's: it can be reached the other way. */
  const trying = async (work: () => Promise<void>): Promise<void> => {
    try {
      await alone.run(work);
    } catch (error) {
      // The kernel's answer would be the same again; another process can do what one could that was killed.
      if (error !== hasEnded) isPossible = false;
      process?.socket.destroy();
      process = undefined;
      logger.log("info", "shortcut.unavailable", { error: messageOf(error) });
    }
  };
  return {
    async open(ports, known) {
      if (!isPossible || shortWays(ports).length === 0) return;
      await trying(async () => {
        const isFresh = process === undefined;
        process ??= await start();
        await process.put(shortWays(isFresh ? known() : ports));
      });
    },
    async close(ports) {
      const ways = shortWays(ports);
      if (process === undefined || ways.length === 0) return;
      await trying(async () => process?.remove(ways));
    },
    has: (port) => shortWays([port]).some(({ from }) => process?.open.has(keyOf(from))),
    [Symbol.dispose]() {
      isPossible = false;
      const ending = process;
      process = undefined;
      ending?.socket.destroy();
    },
  };
}

/** The process that has the maps and programs. */
type Process = {
  readonly socket: Socket;
  /** Places that it leads elsewhere. */
  readonly open: ReadonlySet<string>;
  put(ways: readonly ShortWay[]): Promise<void>;
  remove(ways: readonly ShortWay[]): Promise<void>;
};

async function startProcess(maker: ProcessMaker, group: TopGroup): Promise<Process> {
  const socket = await maker.connect("shortcut");
  const ask = createQuestions(socket);
  try {
    const answer = await ask(OPEN, Buffer.from("path" in group ? group.path : group.options.join()));
    const parts = {
      ports: answer.readUInt32LE(4),
      peers: answer.readUInt32LE(8),
      namespace: answer.readBigUInt64LE(12),
    };
    for (const { attachType, program } of shortcutPrograms(parts)) {
      const type = Buffer.alloc(4);
      type.writeUInt32LE(attachType);
      await ask(ATTACH, Buffer.concat([type, program]));
    }
  } catch (error) {
    socket.destroy();
    throw error;
  }
  const open = new Set<string>();
  const askAll = async (command: number, items: readonly Uint8Array[]): Promise<void> => {
    for (let at = 0; at < items.length; at += PORTS_AT_ONCE)
      await ask(command, Buffer.concat(items.slice(at, at + PORTS_AT_ONCE)));
  };
  return {
    socket,
    open,
    async put(ways) {
      const pairs = ways.map(({ from, to }) => Buffer.concat([from, to]));
      await askAll(PUT, pairs);
      for (const { from } of ways) open.add(keyOf(from));
    },
    async remove(ways) {
      const places = ways.map(({ from }) => from);
      for (const place of places) open.delete(keyOf(place));
      await askAll(REMOVE, places);
    },
  };
}

function keyOf(place: Uint8Array): string {
  return Buffer.from(place).toString("hex");
}

const hasEnded = new Error("its process has ended");

type Ask = (command: number, request: Uint8Array) => Promise<Buffer>;

/** Asks one question after the other: only the next answer is waited for. */
function createQuestions(socket: Socket): Ask {
  let pending = Buffer.alloc(0);
  let wanted: PromiseWithResolvers<Buffer> | undefined;
  const ended = (): void => wanted?.reject(hasEnded);
  socket
    .on("error", () => undefined)
    .once("end", () => socket.destroy())
    .once("close", ended)
    .on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      if (pending.length < ANSWER_SIZE) return;
      wanted?.resolve(pending.subarray(0, ANSWER_SIZE));
      pending = pending.subarray(ANSWER_SIZE);
    });
  return async (command, request) => {
    if (socket.destroyed) throw hasEnded;
    wanted = Promise.withResolvers();
    const head = Buffer.alloc(HEAD_SIZE);
    head.writeUInt32LE(command);
    head.writeUInt32LE(request.length, 4);
    socket.write(Buffer.concat([head, request]));
    const answer = await wanted.promise;
    const errno = answer.readUInt32LE();
    if (errno !== 0) throw new Error(`${questions[command]}: ${errnoName(errno)}`);
    return answer;
  };
}

const questions: Readonly<Record<number, string>> = {
  [OPEN]: "cannot make the maps",
  [ATTACH]: "cannot attach the programs",
  [PUT]: "cannot open a port",
  [REMOVE]: "cannot close a port",
};
