import { readBoolean, readWord } from "../values/words.ts";

/**
 * One option of a command. `V` is what the command gets; an option that was not given has its `initial` value.
 */
export type Option<V = unknown> = {
  /** One letter, without the dash. */
  readonly short?: string;
  /** Sentence for the help, beginning with a capital letter and without a full stop. */
  readonly help: string;
  /** What follows the option: undefined for one that is there or not. */
  readonly takes: string | undefined;
  /** What it means when it is written without a value; `true` unless said. Of use where it takes none only. */
  readonly bare?: string;
  /** Words that it accepts, for completion and help. */
  readonly words?: readonly string[];
  /** What completion offers. */
  readonly completes?: Completion;
  readonly initial: V;
  /** The value after one more use of the option. Throws a TugError whose sentence is the reason. */
  add(before: V, text: string): V;
};

/** What can be offered for an argument. */
export type Completion =
  | "checkpoints"
  | "containers"
  | "running"
  | "images"
  | "networks"
  | "secrets"
  | "configs"
  | "volumes"
  | "contexts"
  | "sockets"
  | "files";

export type Options = Readonly<Record<string, Option<never> | Option<unknown>>>;

/** The values of a set of options. */
export type ValuesOf<O> = { readonly [K in keyof O]: O[K] extends Option<infer V> ? V : never };

type Extra = { readonly short?: string; readonly words?: readonly string[]; readonly completes?: Completion };

/** An option that is there or not: `--rm`, `--rm=false`. */
export function flag(help: string, extra: Extra & { readonly initial?: boolean } = {}): Option<boolean> {
  return { initial: false, ...extra, help, takes: undefined, add: (_, text) => readBoolean(text) };
}

/** An option that may be followed by `=` and one of some words; alone it is the first of them. */
export function mode<const W extends string>(
  help: string,
  words: readonly [W, ...W[]],
): Option<W | undefined> {
  const add = (_: W | undefined, value: string): W => readWord(value, words);
  return { help, takes: undefined, bare: words[0], words, initial: undefined, add };
}

/** An option with one value; the last one counts. */
export function single<V>(
  takes: string,
  help: string,
  extra: Extra & { readonly read: (text: string) => V },
): Option<V | undefined> {
  const { read, ...rest } = extra;
  return { ...rest, help, takes, initial: undefined, add: (_, text) => read(text) };
}

/** An option with one text. */
export function text(takes: string, help: string, extra: Extra = {}): Option<string | undefined> {
  return single(takes, help, { ...extra, read: (value) => value });
}

/** An option that may be repeated; every value counts, in order. */
export function list<V>(
  takes: string,
  help: string,
  extra: Extra & { readonly read: (text: string) => V },
): Option<readonly V[]> {
  const { read, ...rest } = extra;
  return { ...rest, help, takes, initial: [], add: (before, value) => [...before, read(value)] };
}

/** An option with a text that may be repeated. */
export function texts(takes: string, help: string, extra: Extra = {}): Option<readonly string[]> {
  return list(takes, help, { ...extra, read: (value) => value });
}

/** An option with one of some words. */
export function choice<const W extends string>(
  takes: string,
  help: string,
  extra: Omit<Extra, "words"> & { readonly words: readonly W[] },
): Option<W | undefined> {
  return single(takes, help, { ...extra, read: (value) => readWord(value, extra.words) });
}
