import { PassThrough } from "node:stream";
import { connect } from "../../src/api/docker/client/index.ts";
import {
  createFakeEngine,
  type FakeEngine,
  type FakeEngineOptions,
} from "../../src/api/docker/testing/fake-engine.ts";
import { type OpenDoor, openDoor } from "../../src/api/docker/testing/open-door.ts";
import { TugError } from "../../src/base/index.ts";
import { type CliContext, runCli } from "../../src/cli/index.ts";
import { dialSocket } from "../../src/endpoints/index.ts";

/** The command line before a door with an engine in memory. Everything in between is real. */
export type CliBench = AsyncDisposable & {
  readonly engine: FakeEngine;
  readonly door: OpenDoor;
  /** Runs a command line to its end. */
  run(line: string | readonly string[], options?: RunOptions): Promise<CliResult>;
  /** Starts a command line and gives its streams, terminal and signals into the test's hands. */
  start(line: string | readonly string[], options?: RunOptions): RunningCli;
};

export type RunOptions = {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** All three streams are terminals of this size. */
  readonly terminal?: { height: number; width: number };
  /** No engine can be had. */
  readonly unreachable?: boolean;
};

export type CliResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type RunningCli = {
  readonly stdin: PassThrough;
  readonly stdout: PassThrough;
  /** Calls that the terminal got, such as `raw true`. */
  readonly terminalCalls: readonly string[];
  /** Changes the terminal's size, as a person does with a window. */
  resize(size: { height: number; width: number }): void;
  signal(name: string): void;
  /** Types a question again and again until the output holds an answer. */
  asks(question: string, answer: string): Promise<void>;
  /** Resolves when the output so far holds a text. */
  shows(text: string): Promise<void>;
  readonly result: Promise<CliResult>;
};

/** A moment two days after everything in the fake engine was made. */
const NOW = Date.parse("2026-01-04T03:04:05Z");

export async function openCli(options: FakeEngineOptions = {}): Promise<CliBench> {
  const engine = createFakeEngine(options);
  const door = await openDoor(engine.ports);
  const start: CliBench["start"] = (line, runOptions = {}) => startCli(door, line, runOptions);
  return {
    engine,
    door,
    start,
    run(line, runOptions) {
      const running = start(line, runOptions);
      running.stdin.end(runOptions?.input ?? "");
      return running.result;
    },
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}

function startCli(
  { inner: door, socketPath }: OpenDoor,
  line: string | readonly string[],
  options: RunOptions,
): RunningCli {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const output = collect(stdout);
  const errors = collect(stderr);
  const terminalCalls: string[] = [];
  const resizeListeners = new Set<() => void>();
  const signalListeners = new Set<(name: string) => void>();
  const onTerminal = options.terminal !== undefined;
  let size = options.terminal;
  const context: CliContext = {
    argv: typeof line === "string" ? line.split(" ") : line,
    env: options.env ?? {},
    cwd: options.cwd ?? "/",
    stdin,
    stdout,
    stderr,
    version: "0.0.0-test",
    now: () => NOW,
    terminal: {
      stdin: onTerminal,
      stdout: onTerminal,
      stderr: onTerminal,
      size: () => size,
      setRawMode: (on) => void terminalCalls.push(`raw ${on}`),
      onResize: (listener) => subscribe(resizeListeners, listener),
    },
    signals: { catch: (listener) => subscribe(signalListeners, listener) },
    async connectEngine(need) {
      if (options.unreachable)
        throw new TugError("forbidden", "TEST_ROOT", `cannot start the engine for ${need}`);
      return connect({ door });
    },
    dialEngine: () => dialSocket(options.unreachable ? "/nobody" : socketPath),
    engineSocket: socketPath,
    explainConfig: async (path) => ({ Digest: "sha256:c0ffee", Text: `plan of ${path}`, Plan: { path } }),
  };
  return {
    stdin,
    stdout,
    terminalCalls,
    resize(next) {
      size = next;
      for (const listener of resizeListeners) listener();
    },
    signal: (name) => {
      for (const listener of signalListeners) listener(name);
    },
    async asks(question, answer) {
      const timer = setInterval(() => stdin.write(question), 20);
      await output.holds(answer).finally(() => clearInterval(timer));
    },
    shows: (text) => output.holds(text),
    result: runCli(context).then((code) => ({ code, stdout: output.text(), stderr: errors.text() })),
  };
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function collect(stream: PassThrough) {
  let text = "";
  stream.on("data", (data) => {
    text += data;
  });
  return {
    text: () => text,
    holds: (wanted: string) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!text.includes(wanted)) return;
          stream.off("data", look);
          resolve();
        };
        stream.on("data", look);
        look();
      }),
  };
}
