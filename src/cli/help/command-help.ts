import { type Command, shortestName } from "../arguments/command.ts";
import type { Option } from "../arguments/option.ts";
import { wrap } from "./wrap.ts";

/** Where the second column of a list of options begins, at most. */
const MAX_COLUMN = 34;

/**
 * The help of a command: usage, what it does, other names, options, examples.
 *
 * @param width of the terminal in characters
 */
export function renderCommandHelp(command: Command, width: number): string {
  const name = `tug ${shortestName(command)}`;
  const options = Object.entries(command.options) as [string, Option][];
  const usage = [name, options.length > 0 ? "[OPTIONS]" : "", command.args.usage].filter(Boolean).join(" ");
  const names = [command.path, ...command.aliases].map((path) => `tug ${path.join(" ")}`);
  return [
    `Usage:  ${usage}\n`,
    `${command.summary}\n`,
    names.length > 1 ? `Aliases:\n  ${names.join(", ")}\n` : "",
    options.length > 0 ? `Options:\n${renderOptions(options, width)}` : "",
    command.examples.length > 0 ? `Examples:\n${command.examples.map(renderExample).join("")}` : "",
  ]
    .filter(Boolean)
    .join("\n");
}

function renderOptions(options: readonly [string, Option][], width: number): string {
  const rows = options
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, option]): [string, string] => [renderSpelling(name, option), renderMeaning(option)]);
  const column = Math.min(Math.max(...rows.map(([spelling]) => spelling.length)) + 3, MAX_COLUMN);
  return rows
    .map(([spelling, meaning]) => renderRow(spelling, wrap(meaning, width - column), column))
    .join("");
}

function renderRow(spelling: string, meaning: readonly string[], column: number): string {
  const indent = " ".repeat(column);
  const first = spelling.length + 1 < column ? spelling.padEnd(column) : `${spelling}\n${indent}`;
  return `${first}${meaning.join(`\n${indent}`)}\n`;
}

function renderSpelling(name: string, { short, takes }: Option): string {
  const letter = short === undefined ? "    " : `-${short}, `;
  return `  ${letter}--${name}${takes === undefined ? "" : ` ${takes}`}`;
}

function renderMeaning({ help, words, initial }: Option): string {
  const choices = words === undefined ? "" : ` (${words.join(", ")})`;
  return `${help}${choices}${initial === true ? " (default true)" : ""}`;
}

function renderExample({ line, does }: { line: string; does: string }): string {
  return `  # ${does}\n  ${line}\n`;
}
