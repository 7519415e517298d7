import { type Command, shortestName } from "../arguments/command.ts";
import { globalHelp } from "../arguments/global-options.ts";

/** The commands that most people use most of the time, in the order they meet them. */
const common = ["run", "ps", "logs", "pull", "images", "explain", "version", "info"];

/** What the groups are about: the first word of the long names. */
const groups: Readonly<Record<string, string>> = {
  checkpoint: "Manage checkpoints of containers",
  container: "Manage containers",
  config: "Manage configs",
  context: "Manage contexts: engines by name",
  image: "Manage images",
  network: "Manage networks",
  secret: "Manage secrets",
  volume: "Manage volumes",
  system: "Manage tug",
};

/** The help of the program: all commands by their shortest names. */
export function renderProgramHelp(commands: readonly Command[]): string {
  const shown = commands.filter((command) => !command.hidden);
  const short = shown.filter((command) => !shortestName(command).includes(" "));
  const byName = new Map(short.map((command) => [shortestName(command), command]));
  const others = [...byName.keys()].filter((name) => !common.includes(name)).toSorted();
  const rows = (names: readonly string[]) =>
    names.map((name): [string, string] => [name, byName.get(name)?.summary ?? ""]);
  return [
    "Usage:  tug [GLOBAL OPTIONS] COMMAND\n",
    "Containers, images and everything below them\n",
    `Common commands:\n${renderRows(rows(common))}`,
    `Management commands:\n${renderRows(Object.entries(groups))}`,
    `Commands:\n${renderRows(rows(others))}`,
    `Global options:\n${renderRows(globalHelp)}`,
    "Run 'tug COMMAND --help' for more about a command\n",
  ].join("\n");
}

/** The help of a group such as `tug container`: its commands by the rest of their names; undefined for no group. */
export function renderGroupHelp(commands: readonly Command[], group: string): string | undefined {
  const about = Object.hasOwn(groups, group) ? groups[group] : undefined;
  if (about === undefined) return undefined;
  const rows = commands
    .filter((command) => command.path[0] === group && !command.hidden)
    .map((command): [string, string] => [command.path.slice(1).join(" "), command.summary]);
  return [
    `Usage:  tug ${group} COMMAND\n`,
    `${about}\n`,
    `Commands:\n${renderRows(rows.toSorted(([a], [b]) => (a < b ? -1 : 1)))}`,
    `Run 'tug ${group} COMMAND --help' for more about a command\n`,
  ].join("\n");
}

function renderRows(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 3;
  return rows.map(([name, summary]) => `  ${name.padEnd(width)}${summary}\n`).join("");
}
