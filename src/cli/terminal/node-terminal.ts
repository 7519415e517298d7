import type { EventEmitter } from "node:events";
import type { ReadStream, WriteStream } from "node:tty";
import type { Signals, Terminal, TerminalSize } from "../context.ts";

/** The standard streams of a process, which may or may not be terminals. */
export type StandardStreams = {
  readonly stdin: { readonly isTTY?: boolean };
  readonly stdout: { readonly isTTY?: boolean };
  readonly stderr: { readonly isTTY?: boolean };
};

/** The terminal behind a Node process's standard streams. */
export function createNodeTerminal(streams: StandardStreams): Terminal {
  const { stdin, stdout, stderr } = streams;
  // Only terminals have sizes and raw mode; isTTY says which of the two a stream is.
  const output = (stdout.isTTY ? stdout : stderr.isTTY ? stderr : undefined) as WriteStream | undefined;
  const input = (stdin.isTTY ? stdin : undefined) as ReadStream | undefined;
  return {
    stdin: input !== undefined,
    stdout: stdout.isTTY ?? false,
    stderr: stderr.isTTY ?? false,
    size: () => sizeOf(output),
    setRawMode: (on) => void input?.setRawMode(on),
    onResize(listener) {
      output?.on("resize", listener);
      return () => void output?.off("resize", listener);
    },
  };
}

function sizeOf(output: WriteStream | undefined): TerminalSize | undefined {
  if (output === undefined || output.rows === 0 || output.columns === 0) return undefined;
  return { height: output.rows, width: output.columns };
}

/**
 * The signals that are passed on to a container. Not among them: those that stop this process for job control, those
 * about children, pipes and the terminal's size, and those that report a fault of this process.
 */
export const forwardedSignals = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGCONT",
] as const;

/** The signals of a Node process, given as the object that emits them. */
export function createNodeSignals(process: EventEmitter): Signals {
  return {
    catch(listener) {
      const listeners = forwardedSignals.map((name) => [name, () => listener(name)] as const);
      for (const [name, react] of listeners) process.on(name, react);
      return () => {
        for (const [name, react] of listeners) process.off(name, react);
      };
    },
  };
}
