import { cliError } from "../errors.ts";

/** What may stand before the name of any command. */
export type GlobalOptions = {
  /** Address of the engine. */
  readonly host?: string;
  /** Name of the context that leads to it. */
  readonly context?: string;
};

const spellings: readonly (readonly [option: keyof GlobalOptions, long: string, short: string])[] = [
  ["host", "--host", "-H"],
  ["context", "--context", "-c"],
];

/** For the help of the program. */
export const globalHelp: readonly (readonly [spelling: string, meaning: string])[] = [
  ["-c, --context NAME", "Use the engine of a context"],
  ["-H, --host ADDRESS", "Use the engine at unix://, tcp:// or ssh://[USER@]HOST[:PORT][/PATH]"],
  ["--help", "Show this help"],
  ["--version", "Show the version of tug"],
];

/**
 * Takes the global options off the beginning of a command line, in the spellings of Docker's client.
 *
 * @throws CLI_USAGE, CLI_CONFLICT
 */
export function splitGlobals(argv: readonly string[]): { globals: GlobalOptions; rest: readonly string[] } {
  const globals: { -readonly [K in keyof GlobalOptions]: string } = {};
  const rest = [...argv];
  for (let word = rest[0]; word !== undefined; word = rest[0]) {
    const found = spellings.find(([, long, short]) => isSpelling(word as string, long, short));
    if (found === undefined) break;
    const [option, long, short] = found;
    if (globals[option] !== undefined) throw usage(`${long} is given twice`);
    rest.shift();
    const value = word === long || word === short ? rest.shift() : valueIn(word, long, short);
    if (value === undefined || value === "") throw usage(`flag needs an argument: ${long}`);
    globals[option] = value;
  }
  if (globals.host !== undefined && globals.context !== undefined) {
    throw cliError("CONFLICT", "conflicting options: either --host or --context, not both", {
      details: { exitCode: 125 },
    });
  }
  return { globals, rest };
}

/** For completion. */
export const globalWords: readonly string[] = ["--host", "--context"];

/** The words of a line that is being written, without the global options that it begins with. */
export function withoutGlobals(words: readonly string[]): readonly string[] {
  try {
    return [...splitGlobals(words.slice(0, -1)).rest, words.at(-1) ?? ""];
  } catch {
    return words;
  }
}

function isSpelling(word: string, long: string, short: string): boolean {
  return word === long || word.startsWith(`${long}=`) || (word.startsWith(short) && !word.startsWith("--"));
}

function valueIn(word: string, long: string, short: string): string {
  return word.startsWith(`${long}=`)
    ? word.slice(long.length + 1)
    : word.slice(short.length).replace(/^=/, "");
}

function usage(message: string) {
  return cliError("USAGE", message, { hint: "see 'tug --help'", details: { exitCode: 125 } });
}
