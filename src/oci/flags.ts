import { ociCliError } from "./errors.ts";

/** A flag of the runc command line. Values are texts; `list` flags may be given several times. */
export type FlagDefinition = {
  readonly kind: "boolean" | "text" | "list";
  /** One letter. */
  readonly short?: string;
  readonly help: string;
  readonly placeholder?: string;
};

export type FlagDefinitions = Readonly<Record<string, FlagDefinition>>;

/** The values of a set of flags: what was not given is false, undefined or empty. */
export type FlagValues<F extends FlagDefinitions> = {
  readonly [K in keyof F]: F[K]["kind"] extends "boolean"
    ? boolean
    : F[K]["kind"] extends "text"
      ? string | undefined
      : readonly string[];
};

export type ParsedFlags<F extends FlagDefinitions> = {
  readonly values: FlagValues<F>;
  readonly rest: readonly string[];
};

/**
 * Reads flags up to the first argument that is none, as Go programs do: `--name value`, `--name=value`, one dash or
 * two, `--` ends them.
 *
 * @param command for the error
 * @throws OCI_CLI_FLAG
 */
export function parseFlags<const F extends FlagDefinitions>(
  argv: readonly string[],
  definitions: F,
  command: string,
): ParsedFlags<F> {
  const values: Record<string, boolean | string | string[] | undefined> = {};
  for (const [name, { kind }] of Object.entries(definitions)) {
    values[name] = kind === "boolean" ? false : kind === "list" ? [] : undefined;
  }
  let index = 0;
  for (; index < argv.length; index += 1) {
    const word = argv[index] ?? "";
    if (word === "--") {
      index += 1;
      break;
    }
    if (!word.startsWith("-") || word === "-") break;
    const equals = word.indexOf("=");
    const given = word.slice(0, equals < 0 ? undefined : equals).replace(/^--?/, "");
    const name = flagName(given, definitions);
    if (name === undefined) throw unknownFlag(word, command);
    const inline = equals < 0 ? undefined : word.slice(equals + 1);
    if (definitions[name]?.kind === "boolean") {
      values[name] = booleanValue(inline, word);
      continue;
    }
    if (inline === undefined) index += 1;
    const value = inline ?? argv[index];
    if (value === undefined) throw ociCliError("FLAG", `flag needs an argument: -${given}`);
    const list = values[name];
    if (Array.isArray(list)) list.push(value);
    else values[name] = value;
  }
  return { values: values as FlagValues<F>, rest: argv.slice(index) };
}

/** Two columns: the flags as they are written, and what they mean. */
export function describeFlags(definitions: FlagDefinitions): string {
  const rows = Object.entries(definitions).map(([name, { short, placeholder, kind, help }]) => {
    const value = kind === "boolean" ? "" : ` ${placeholder ?? "value"}`;
    return [`--${name}${value}${short === undefined ? "" : `, -${short}${value}`}`, help] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, help]) => `   ${left.padEnd(width)}  ${help}\n`).join("");
}

function flagName(given: string, definitions: FlagDefinitions): string | undefined {
  if (given in definitions) return given;
  return Object.keys(definitions).find((name) => definitions[name]?.short === given);
}

function booleanValue(text: string | undefined, word: string): boolean {
  if (text === undefined || text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  throw ociCliError("FLAG", `invalid boolean value in ${word}`);
}

function unknownFlag(word: string, command: string): Error {
  return ociCliError("FLAG", `flag provided but not defined: ${word.split("=")[0]}`, {
    hint: `see the flags with: tug-oci ${command} --help`.replace("  ", " "),
  });
}
