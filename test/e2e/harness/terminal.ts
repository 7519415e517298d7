import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { debianProgram, startProcess, temporaryDirectory } from "../../environment/index.ts";
import { until } from "../../privileged/harness/until.ts";

/** A terminal with a program in it, as a person would sit at one. It ends with its scope, and the program with it. */
export type TestTerminal = AsyncDisposable & {
  /** Types a line and presses Enter. */
  enter(line: string): Promise<void>;
  /** Presses keys by tmux's names: `C-c`, `Enter`, `x`. */
  press(...keys: string[]): Promise<void>;
  /** What is and was on the screen, without empty lines at the end. A wrapped line is one line. */
  lines(): Promise<string[]>;
  /** Waits until some line matches. */
  shows(pattern: RegExp): Promise<void>;
  /** Waits until the last line matches: the prompt, where a shell waits for input. */
  endsWith(pattern: RegExp): Promise<void>;
  /** Waits until the lines are as they are wanted. */
  satisfies(wanted: (lines: readonly string[]) => boolean): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
};

export type TerminalOptions = {
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Default 120. */
  readonly columns?: number;
  /** Default 40. */
  readonly rows?: number;
};

/** Why tests at a terminal must be skipped, or false. */
export function needsTerminal(): string | false {
  return debianProgram("tmux").skip;
}

/** Starts a program in a terminal: tmux without anybody who looks at it. Needs `needsTerminal()` to be false. */
export async function startTerminal(command: string, options: TerminalOptions): Promise<TestTerminal> {
  const { cwd, env, columns = 120, rows = 40 } = options;
  await using scope = new AsyncDisposableStack();
  const directory = scope.use(await temporaryDirectory());
  const socket = join(directory.path, "socket");
  const program = debianProgram("tmux").path;
  // One server for this terminal alone, which does not become a daemon: it ends with the test's process.
  const server = scope.use(startProcess(program, ["-S", socket, "-f", "/dev/null", "-D"], { cwd, env }));
  const tmux = async (...words: string[]): Promise<string> =>
    (await promisify(execFile)(program, ["-S", socket, ...words], { env })).stdout;
  const size = ["-x", String(columns), "-y", String(rows)];
  await until(`tmux answers: ${server.stderr()}`, () => succeeds(() => tmux("show-options", "-g")));
  await tmux("set-option", "-g", "remain-on-exit", "on");
  await tmux("set-option", "-g", "history-limit", "10000");
  await tmux("new-session", "-d", ...size, "-c", cwd, command);

  const lines = async (): Promise<string[]> =>
    (await tmux("capture-pane", "-p", "-J", "-S", "-"))
      .trimEnd()
      .split("\n")
      .map((line) => line.trimEnd());
  const waitFor = async (what: string, check: (lines: string[]) => boolean): Promise<void> => {
    let seen: string[] = [];
    await until(
      () => `the terminal ${what}:\n${seen.join("\n")}`,
      async () => {
        seen = await lines();
        return check(seen);
      },
    );
  };
  const open = scope.move();
  return {
    lines,
    async enter(line) {
      await tmux("send-keys", "-l", line);
      await tmux("send-keys", "Enter");
    },
    press: async (...keys) => void (await tmux("send-keys", ...keys)),
    shows: (pattern) => waitFor(`shows ${pattern}`, (seen) => seen.some((line) => pattern.test(line))),
    endsWith: (pattern) => waitFor(`ends with ${pattern}`, (seen) => pattern.test(seen.at(-1) ?? "")),
    satisfies: (wanted) => waitFor("is as wanted", wanted),
    resize: async (x, y) => void (await tmux("resize-window", "-x", String(x), "-y", String(y))),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function succeeds(work: () => Promise<unknown>): Promise<boolean> {
  return work().then(
    () => true,
    () => false,
  );
}
