import type { Duplex, Readable, Writable } from "node:stream";
import type { Client } from "../api/docker/client/index.ts";
import type { dockerApi } from "../specs/index.ts";

/**
 * Everything that the command line uses of the process it runs in. Nothing else is touched, so that the same code serves
 * a process of its own and a client of the resident engine.
 */
export type CliContext = {
  /** Without the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; relative paths of options are below it. */
  readonly cwd: string;
  /** Of the caller, unless it is this process's: new files get their mode by it. */
  readonly umask?: number;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly terminal: Terminal;
  readonly signals: Signals;
  /** Aborted when nobody waits for the command any more, where that does not end the process. */
  readonly signal?: AbortSignal;
  /** Of tug. */
  readonly version: string;
  /** Path of the program that `tug` is, where there is one. */
  readonly program?: string;
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * A client of the engine, which is started when it has to be. What it throws is shown and ends the command with 125.
   *
   * @param need `containers` for anything; `plans` when nothing but explaining is asked for, which works without root;
   *   `running` for one that runs already, because starting one would be too much for what is asked
   */
  connectEngine(need: EngineNeed): Promise<Client>;
  /** A connection to the same engine, half of which can be closed by itself; started and failing as that. */
  dialEngine(): Promise<Duplex>;
  /** Path of the socket of that engine, where it has one. */
  readonly engineSocket?: string;
  /** It is known that no other engine is meant: neither the environment nor a chosen context leads away. */
  readonly here?: true;
  /** The plan for a config.json, which is made here without an engine. `path` is absolute. */
  explainConfig(path: string): Promise<dockerApi.ExplainedPlan>;
};

export type EngineNeed = "containers" | "plans" | "running";

/** The terminal behind the standard streams, where they have one. */
export type Terminal = {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** In characters; undefined without a terminal. */
  size(): TerminalSize | undefined;
  /** Whether every key reaches the reader as it is typed. */
  setRawMode(on: boolean): void;
  /** Calls back when the size changes. @returns a function that ends it */
  onResize(listener: () => void): () => void;
};

export type TerminalSize = { readonly height: number; readonly width: number };

/** The signals that the process gets. */
export type Signals = {
  /** Catches them from now on. @returns a function that gives them back */
  catch(listener: (name: string) => void): () => void;
};
