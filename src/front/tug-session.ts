import { constants } from "node:os";
import { type Client, connect } from "../api/docker/client/index.ts";
import { type CliContext, isRepeatable, leadsElsewhere, runCli } from "../cli/index.ts";
import { dialSocket } from "../endpoints/index.ts";
import type { dockerApi } from "../specs/index.ts";
import type { FrontConnection } from "./connection.ts";
import type { FrontRequest, TerminalSize } from "./request.ts";

export type TugSessionOptions = {
  /** The engine's Docker API: the command line is a client like any other. */
  readonly door: dockerApi.InnerDoor;
  /** Where the same listens for others. */
  readonly socket: string;
  readonly version: string;
  /** Path of the program that `tug` is. */
  readonly program: string;
  readonly explainConfig: CliContext["explainConfig"];
};

/** Runs `tug` in this process on behalf of a front. */
export function runTug(
  request: FrontRequest,
  connection: FrontConnection,
  options: TugSessionOptions,
): Promise<number> {
  let size: TerminalSize | undefined = request.size;
  connection.onResize((changed) => {
    size = changed;
  });
  const { stdin, stdout, stderr } = request.terminals;
  return runCli({
    argv: request.argv,
    env: request.env,
    cwd: request.cwd,
    umask: request.umask,
    signal: connection.gone,
    stdin: connection.stdin,
    stdout: connection.stdout,
    stderr: connection.stderr,
    terminal: {
      stdin,
      stdout,
      stderr,
      size: () => (stdout || stderr || stdin ? size : undefined),
      setRawMode: (on) => connection.setRawMode(on),
      onResize: (listener) => connection.onResize(listener),
    },
    signals: {
      catch: (listener) => connection.onSignal((number) => listener(signalName(number))),
    },
    version: options.version,
    program: options.program,
    now: Date.now,
    connectEngine: async (): Promise<Client> => connect({ door: options.door }),
    dialEngine: () => dialSocket(options.socket),
    engineSocket: options.socket,
    here: true,
    explainConfig: options.explainConfig,
  });
}

/** Whether a command does no harm when it is run once more. */
export function isRepeatableTug({ program, argv }: FrontRequest): boolean {
  return program === "tug" && isRepeatable(argv);
}

/**
 * Whether a command is for another engine than this one. Front runs such a command itself: in its caller's network
 * namespace, with the ssh that the caller would have.
 */
export async function declinesTug(
  { program, argv, env, cwd }: FrontRequest,
  { socket }: Pick<TugSessionOptions, "socket">,
): Promise<boolean> {
  return program === "tug" && leadsElsewhere({ argv, env, cwd, engineSocket: socket });
}

/** SIGTERM for 15; a number that has no name stays one. */
function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? String(number);
}
