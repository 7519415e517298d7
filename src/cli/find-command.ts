import type { Command } from "./arguments/command.ts";

/** A command and the words after its name. */
export type Found = { readonly command: Command; readonly rest: readonly string[] };

/** The command whose name the words begin with; the longest name wins. */
export function findCommand(commands: readonly Command[], words: readonly string[]): Found | undefined {
  let found: Found | undefined;
  let length = 0;
  for (const command of commands) {
    for (const name of [command.path, ...command.aliases]) {
      if (name.length <= length || !name.every((word, index) => words[index] === word)) continue;
      found = { command, rest: words.slice(name.length) };
      length = name.length;
    }
  }
  return found;
}
