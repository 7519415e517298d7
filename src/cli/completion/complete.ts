import type { Command } from "../arguments/command.ts";
import type { Completion, Option } from "../arguments/option.ts";
import { findCommand } from "../find-command.ts";

/** What can come next. */
export type Candidates = {
  readonly words: readonly Candidate[];
  /** What else is asked for: names that only the engine knows, or the shell. */
  readonly more: Completion | undefined;
  /** The arguments before, and the values of options: what names may depend on. */
  readonly given: Given;
};

/** What stands before the last word. */
export type Given = {
  readonly args: readonly string[];
  /** The value that an option was given last. */
  valueFor(option: string): string | undefined;
};

export type Candidate = { readonly word: string; readonly about: string };

const nothing: Offer = { words: [], more: undefined };

type Offer = Omit<Candidates, "given">;

/**
 * What can stand in the place of the last word.
 *
 * @param words after the program's name; the last one may be empty or half-written
 */
export function complete(commands: readonly Command[], words: readonly string[]): Candidates {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? "";
  const found = findCommand(commands, before);
  const names = found === undefined || found.rest.length === 0 ? completeNames(commands, before, last) : [];
  if (found === undefined)
    return { words: names, more: undefined, given: { args: [], valueFor: () => undefined } };
  const given = readGiven(found.command, found.rest);
  const { words: own, more } = completeArguments(found.command, given, { before: found.rest, last });
  return { words: [...names, ...own], more, given };
}

function completeNames(commands: readonly Command[], before: readonly string[], last: string): Candidate[] {
  const next = new Map<string, string>();
  for (const command of commands) {
    if (command.hidden) continue;
    for (const name of [command.path, ...command.aliases]) {
      const word = name[before.length];
      if (
        word === undefined ||
        !word.startsWith(last) ||
        !before.every((part, index) => name[index] === part)
      )
        continue;
      const isWhole = name.length === before.length + 1;
      next.set(word, isWhole ? command.summary : (next.get(word) ?? `Commands of ${word}`));
    }
  }
  return [...next].map(([word, about]) => ({ word, about }));
}

type Words = { readonly before: readonly string[]; readonly last: string };

function completeArguments(command: Command, { args }: Given, { before: rest, last }: Words): Offer {
  const options = Object.entries(command.options) as [string, Option][];
  const awaiting = optionAwaitingValue(options, rest.at(-1));
  if (awaiting !== undefined) return completeValue(awaiting, last, "");
  const [, name, value] = /^--([^=]+)=(.*)$/s.exec(last) ?? [];
  const written = options.find(([known]) => known === name)?.[1];
  if (written !== undefined && value !== undefined) return completeValue(written, value, `--${name}=`);
  const ended = rest.includes("--") || (command.args.optionsFirst === true && args.length > 0);
  if (last.startsWith("-") && !ended) {
    const fits = options.filter(([known]) => `--${known}`.startsWith(last));
    return { words: fits.map(([known, { help }]) => ({ word: `--${known}`, about: help })), more: undefined };
  }
  // What follows a container's image is the container's own command.
  return command.args.optionsFirst && ended
    ? nothing
    : { words: [], more: completionAt(command, args.length) };
}

function completionAt({ args: { completes } }: Command, place: number): Completion | undefined {
  return typeof completes === "object" ? (completes[place] ?? completes.at(-1)) : completes;
}

function completeValue(option: Option, start: string, prefix: string): Offer {
  const words = (option.words ?? []).filter((word) => word.startsWith(start));
  return { words: words.map((word) => ({ word: `${prefix}${word}`, about: "" })), more: option.completes };
}

/** The option whose value comes next, if the word before is one without its value. */
function optionAwaitingValue(
  options: readonly [string, Option][],
  word: string | undefined,
): Option | undefined {
  if (word === undefined || !/^-[^=]+$/.test(word)) return undefined;
  const letter = word.startsWith("--") ? undefined : word.at(-1);
  const option = options.find(
    ([name, { short }]) => word === `--${name}` || (letter !== undefined && short === letter),
  )?.[1];
  return option?.takes === undefined ? undefined : option;
}

/** Words as far as they can be told apart without what comes after them. */
function readGiven({ options: known }: Command, words: readonly string[]): Given {
  const options = Object.entries(known) as [string, Option][];
  const values = new Map<string, string>();
  const args: string[] = [];
  for (const [index, word] of words.entries()) {
    const awaiting = optionAwaitingValue(options, words[index - 1]);
    const name = options.find(([, option]) => option === awaiting)?.[0];
    const [, written, value] = /^--([^=]+)=(.*)$/s.exec(word) ?? [];
    if (name !== undefined) values.set(name, word);
    else if (written !== undefined && value !== undefined) values.set(written, value);
    else if (!word.startsWith("-")) args.push(word);
  }
  return { args, valueFor: (option) => values.get(option) };
}
