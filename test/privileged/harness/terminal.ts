import { spawn } from "node:child_process";
import { once } from "node:events";
import { probeProgram } from "../../environment/index.ts";
import { runtimeCommand } from "./runtime.ts";
import { until } from "./until.ts";

/** Who sits at the other end of a terminal. */
export type Sitter = AsyncDisposable & {
  type(keys: string): void;
  /** All that was shown so far, with the terminal's line ends. */
  shown(): string;
  /** Waits until what is shown matches. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  /** Goes away: the terminal hangs up. */
  leave(): Promise<void>;
};

/** One who waits for a terminal at a socket. */
export type Listener = Sitter & {
  /** The text that came with the terminal, once there is one. */
  name(): Promise<string>;
};

/** One at whose terminal a command runs. */
export type Caller = Sitter & {
  /** Makes the terminal 50 rows of 200 columns. */
  grow(): void;
  /** The exit code of the command, once it has ended. */
  ended(): Promise<number | null>;
};

/** Listens at a socket for the terminal of a container, as conmon and containerd's shim do. */
export async function listenForTerminal(socket: string): Promise<Listener> {
  const { sitter, shown } = sit(["console", socket]);
  const lines = () => shown().split("\n");
  await until("the listener is there", () => shown().includes('"listening":true'));
  const name = () =>
    until("a terminal has arrived", () => {
      const line = lines()[1];
      return lines().length > 2 && line !== undefined && (JSON.parse(line).name as string);
    });
  // What comes before is the listener's own.
  const beyond = () => lines().slice(2).join("\n");
  return { ...sitter, name, shown: beyond, shows: shows(beyond) };
}

/** Runs the runtime at a terminal of 33 rows of 77 columns. */
export function runAtTerminal(args: readonly string[], cwd: string): Caller {
  const { sitter, child, shown } = sit(["terminal", "33", "77", ...runtimeCommand(args)], cwd);
  const ended = once(child, "exit").then(([code]) => code as number | null);
  return { ...sitter, shows: shows(shown), grow: () => void child.kill("SIGUSR1"), ended: () => ended };
}

function sit(words: readonly string[], cwd?: string) {
  const program = ["--pdeathsig", "KILL", "--", probeProgram().path, ...words];
  const child = spawn("setpriv", program, {
    stdio: ["pipe", "pipe", "inherit"],
    ...(cwd !== undefined && { cwd }),
  });
  const closed = once(child, "close");
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  child.stdin.on("error", () => undefined);
  const leave = async (): Promise<void> => {
    child.kill("SIGKILL");
    await closed;
  };
  const shown = () => text;
  const type = (keys: string): void => void child.stdin.write(keys);
  return { child, shown, sitter: { type, shown, leave, [Symbol.asyncDispose]: leave } };
}

function shows(shown: () => string) {
  return (pattern: RegExp): Promise<RegExpExecArray> =>
    until(`the terminal shows ${pattern}`, () => pattern.exec(shown()));
}
