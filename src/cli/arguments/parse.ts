import { TugError } from "../../base/index.ts";
import { cliError } from "../errors.ts";
import { type Command, shortestName } from "./command.ts";
import type { Option } from "./option.ts";

/** What a command line says. */
export type Parsed = {
  readonly values: Readonly<Record<string, unknown>>;
  readonly given: ReadonlySet<string>;
  readonly args: readonly string[];
  /** `--help`, or `-h` where the command has no such option. */
  readonly help: boolean;
};

/** What is known while the words are read from left to right. */
type State = {
  readonly command: Command;
  readonly options: ReadonlyMap<string, Option>;
  readonly values: Map<string, unknown>;
  readonly given: Set<string>;
  readonly args: string[];
  /** Words that have not been read. */
  readonly rest: string[];
  help: boolean;
};

/**
 * Reads the words after a command's name as Docker's client does: `--name value`, `--name=value`, `-n value`, `-nvalue`,
 * `-n=value`, several letters in one word, `--flag=false`, `--` as the end of the options.
 *
 * @throws CLI_USAGE with a hint at the help
 */
export function parseArguments(command: Command, words: readonly string[]): Parsed {
  const options = new Map(Object.entries(command.options) as [string, Option][]);
  const values = new Map([...options].map(([name, option]) => [name, option.initial]));
  const state: State = {
    command,
    options,
    values,
    given: new Set(),
    args: [],
    rest: [...words],
    help: false,
  };
  for (let word = state.rest.shift(); word !== undefined; word = state.rest.shift()) {
    if (word === "--") state.args.push(...state.rest.splice(0));
    else if (word.startsWith("--")) readLong(state, word);
    else if (word.startsWith("-") && word !== "-") readLetters(state, word);
    else {
      state.args.push(word);
      if (command.args.optionsFirst) state.args.push(...state.rest.splice(0));
    }
  }
  if (!state.help) checkCount(command, state.args);
  return { values: Object.fromEntries(values), given: state.given, args: state.args, help: state.help };
}

function readLong(state: State, word: string): void {
  const [, name = "", value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const option = state.options.get(name);
  if (option === undefined && name === "help") {
    state.help = true;
    return;
  }
  if (option === undefined) throw usage(state.command, `unknown flag: --${name}`);
  const spelling = option.short === undefined ? `--${name}` : `-${option.short}, --${name}`;
  setValue(
    state,
    name,
    spelling,
    value ?? (option.takes === undefined ? (option.bare ?? "true") : takeNext(state, `--${name}`)),
  );
}

function readLetters(state: State, word: string): void {
  let after = word.slice(1);
  while (after !== "") {
    const letter = after.slice(0, 1);
    after = after.slice(1);
    const [name, option] = [...state.options].find(([, { short }]) => short === letter) ?? [];
    if (name === undefined || option === undefined) {
      if (letter !== "h") throw usage(state.command, `unknown shorthand flag: '${letter}' in ${word}`);
      state.help = true;
      continue;
    }
    const spelling = `-${letter}, --${name}`;
    if (option.takes === undefined && !after.startsWith("=")) {
      setValue(state, name, spelling, option.bare ?? "true");
      continue;
    }
    const value = after === "" ? takeNext(state, `'${letter}' in ${word}`) : after.replace(/^=/, "");
    setValue(state, name, spelling, value);
    return;
  }
}

function takeNext(state: State, shown: string): string {
  const next = state.rest.shift();
  if (next === undefined) throw usage(state.command, `flag needs an argument: ${shown}`);
  return next;
}

function setValue(state: State, name: string, spelling: string, text: string): void {
  const option = state.options.get(name) as Option;
  state.given.add(name);
  try {
    state.values.set(name, option.add(state.values.get(name), text));
  } catch (error) {
    if (!(error instanceof TugError)) throw error;
    throw usage(state.command, `invalid argument "${text}" for "${spelling}" flag: ${error.message}`, error);
  }
}

/** The error for a command line that cannot be understood. Docker's client ends with 125 for a bad option. */
function usage(command: Command, message: string, cause?: unknown) {
  const hint = `see 'tug ${shortestName(command)} --help'`;
  return cliError("USAGE", message, { hint, cause, details: { exitCode: 125 } });
}

function checkCount(command: Command, args: readonly string[]): void {
  const { least, most = Number.POSITIVE_INFINITY } = command.args;
  if (args.length >= least && args.length <= most) return;
  const wanted = most === 0 ? "accepts no arguments" : `requires ${countWords(least, most)}`;
  const hint = `see 'tug ${shortestName(command)} --help'`;
  throw cliError("USAGE", `'tug ${shortestName(command)}' ${wanted}`, { hint, details: { exitCode: 1 } });
}

function countWords(least: number, most: number): string {
  const noun = (count: number) => (count === 1 ? "argument" : "arguments");
  if (least === most) return `${least} ${noun(least)}`;
  if (most === Number.POSITIVE_INFINITY) return `at least ${least} ${noun(least)}`;
  return least === 0 ? `at most ${most} ${noun(most)}` : `between ${least} and ${most} arguments`;
}
