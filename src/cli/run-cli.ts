import type { Client } from "../api/docker/client/index.ts";
import { TugError } from "../base/index.ts";
import type { Command, Invocation, Outcome } from "./arguments/command.ts";
import { type GlobalOptions, splitGlobals } from "./arguments/global-options.ts";
import { parseArguments } from "./arguments/parse.ts";
import { commands } from "./commands/index.ts";
import type { CliContext } from "./context.ts";
import { chosenEngine } from "./engine/chosen-engine.ts";
import { cliError } from "./errors.ts";
import { exitCodeOf, renderFailure, revise } from "./failure.ts";
import { findCommand } from "./find-command.ts";
import { renderCommandHelp } from "./help/command-help.ts";
import { renderGroupHelp, renderProgramHelp } from "./help/program-help.ts";
import { withRegistryAuth } from "./registry-auth.ts";
import { write } from "./write.ts";

/** Width of help where there is no terminal. */
const PLAIN_WIDTH = 100;

/**
 * Runs one command line to its end. Never throws: what goes wrong is written to stderr.
 *
 * @returns the exit code
 */
export async function runCli(context: CliContext): Promise<number> {
  const outputs = [context.stdout, context.stderr];
  // A reader that goes away is no fault of ours: writing then does nothing.
  for (const stream of outputs) stream.on("error", () => {});
  const code = await runLine(context);
  // The caller may end the process at once.
  for (const stream of outputs) await write(stream, "");
  return code;
}

/** Whether a command line does no harm when it is run once more, because an engine ended under it. */
export function isRepeatable(argv: readonly string[]): boolean {
  return findCommand(commands, splitGlobals(argv).rest)?.command.repeatable ?? false;
}

async function runLine(context: CliContext): Promise<number> {
  let command: Command | undefined;
  try {
    const { globals, rest } = splitGlobals(context.argv);
    const [first] = rest;
    if (first === undefined || first === "--help" || first === "-h" || first === "help")
      return await showHelp(context, rest);
    if (first === "--version" || first === "-v") {
      return await finish(context, { output: `tug version ${context.version}\n` });
    }
    const found = findCommand(commands, rest);
    command = found?.command;
    if (found === undefined) return await showGroup(context, rest);
    return await finish(context, await runCommand({ ...found, globals }, context));
  } catch (error) {
    await write(context.stderr, renderFailure(error, context));
    return exitCodeOf(error, command?.failureCode);
  }
}

type Line = { readonly command: Command; readonly rest: readonly string[]; readonly globals: GlobalOptions };

async function runCommand({ command, rest, globals }: Line, context: CliContext): Promise<Outcome> {
  const parsed = parseArguments(command, rest);
  if (parsed.help)
    return { output: renderCommandHelp(command, context.terminal.size()?.width ?? PLAIN_WIDTH) };
  let client: Promise<Client> | undefined;
  const stop = new AbortController();
  const engine = chosenEngine(context, globals);
  const invocation: Invocation<Readonly<Record<string, unknown>>> = {
    options: parsed.values,
    args: parsed.args,
    given: (option) => parsed.given.has(option),
    context,
    globals,
    connect: (need = "containers") => {
      client ??= notBegun(engine.connect(need)).then((connected) => withRegistryAuth(connected, context));
      return client;
    },
    dial: () => notBegun(engine.dial()),
    signal: context.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, context.signal]),
  };
  try {
    return await command.run(invocation);
  } finally {
    stop.abort();
    await client?.then(
      (connected) => connected[Symbol.dispose](),
      () => undefined,
    );
  }
}

/** A command that cannot get an engine has not begun: that is 125 whatever the command. */
async function notBegun<T>(connecting: Promise<T>): Promise<T> {
  try {
    return await connecting;
  } catch (error) {
    throw error instanceof TugError ? revise(error, { details: { exitCode: 125 } }) : error;
  }
}

async function showHelp(context: CliContext, line: readonly string[]): Promise<number> {
  const words = line.slice(1).filter((word) => !word.startsWith("-"));
  const found = words.length === 0 ? undefined : findCommand(commands, words);
  if (found !== undefined)
    return finish(context, await runCommand({ ...found, rest: ["--help"], globals: {} }, context));
  const group = words[0] === undefined ? undefined : renderGroupHelp(commands, words[0]);
  return finish(context, { output: group ?? renderProgramHelp(commands) });
}

/** A group without a command shows what it has; anything else is no command. */
async function showGroup(context: CliContext, [first = "", second]: readonly string[]): Promise<number> {
  const help = renderGroupHelp(commands, first);
  if (help !== undefined && (second === undefined || second === "--help" || second === "-h")) {
    return finish(context, { output: help });
  }
  if (first.startsWith("-")) {
    const hint = "see 'tug --help'";
    throw cliError("USAGE", `unknown flag: ${first}`, { hint, details: { exitCode: 125 } });
  }
  const name = help === undefined ? first : `${first} ${second}`;
  const hint = `see 'tug ${help === undefined ? "" : `${first} `}--help'`;
  throw cliError("USAGE", `unknown command: tug ${name}`, { hint });
}

async function finish(context: CliContext, { output, exitCode = 0 }: Outcome): Promise<number> {
  if (output !== undefined && output !== "") await write(context.stdout, output);
  return exitCode;
}
