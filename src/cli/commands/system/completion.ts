import type { Client } from "../../../api/docker/client/index.ts";
import { DEFAULT_CONTEXT, openContexts } from "../../../endpoints/index.ts";
import { type Command, defineCommand } from "../../arguments/command.ts";
import { globalWords, withoutGlobals } from "../../arguments/global-options.ts";
import type { Completion } from "../../arguments/option.ts";
import { complete, type Given } from "../../completion/complete.ts";
import { completionScripts, shells } from "../../completion/scripts.ts";
import type { CliContext } from "../../context.ts";
import { cliError } from "../../errors.ts";
import { hostDirectory } from "../container/checkpoint.ts";

export const completion = defineCommand({
  path: ["completion"],
  aliases: [],
  summary: "Print what a shell needs to complete command lines",
  args: { usage: "bash|zsh|fish", least: 1, most: 1 },
  options: {},
  examples: [
    { line: "tug completion bash > /etc/bash_completion.d/tug", does: "Complete in every new shell" },
    { line: "source <(tug completion zsh)", does: "Complete in this shell" },
  ],
  async run({ args: [name = ""] }) {
    const shell = shells.find((known) => known === name);
    if (shell === undefined) {
      throw cliError("USAGE", `cannot complete for "${name}": it must be one of ${shells.join(", ")}`);
    }
    return { output: completionScripts[shell] };
  },
});

/** The command behind the scripts. */
export function createCompleteCommand(commands: () => readonly Command[]): Command {
  return defineCommand({
    path: ["__complete"],
    aliases: [],
    summary: "Print what can stand in the place of the last word",
    args: { usage: "-- [WORD...]", least: 0 },
    options: {},
    examples: [],
    hidden: true,
    async run({ args, connect, context }) {
      const line = withoutGlobals(args);
      const { words, more, given } = complete(commands(), line);
      const last = args.at(-1) ?? "";
      const lines = words.map(({ word, about }) => `${word}\t${about}\n`);
      const offer = (names: readonly string[]): void => {
        // The value of an option may stand in one word with it.
        const [option = ""] = /^--[^=]+=/.exec(last) ?? [];
        const fitting = names.map((name) => `${option}${name}`).filter((name) => name.startsWith(last));
        lines.push(...fitting.map((name) => `${name}\t\n`));
      };
      if (line.length === 1 && last.startsWith("-"))
        lines.push(...globalWords.filter((word) => word.startsWith(last)).map((word) => `${word}\t\n`));
      if (more === "files") lines.push(":files\n");
      else if (more === "contexts") offer(await contextNames(context));
      // Names of another engine are not asked for: that could take long.
      else if (more !== undefined && line.length === args.length) {
        // Completing is a courtesy: without an engine there is nothing to offer, and nothing to complain of.
        const find = (client: Client): Promise<string[]> =>
          more === "checkpoints" ? checkpointsOf(client, given, context) : namesOf(client, more);
        offer(
          await connect("running")
            .then(find)
            .catch(() => []),
        );
      }
      return { output: lines.join("") };
    },
  });
}

async function contextNames(context: CliContext): Promise<string[]> {
  const found = await openContexts(context)
    .list()
    .catch(() => []);
  return [DEFAULT_CONTEXT, ...found.map(({ name }) => name)];
}

/** How many containers are asked for their checkpoints where none is named yet; the newest ones. */
const MOST_ASKED = 50;

/** Of the container that is named, or of any that does not run. */
async function checkpointsOf(
  client: Client,
  { args, valueFor }: Given,
  { cwd }: CliContext,
): Promise<string[]> {
  const directory = hostDirectory(cwd, valueFor("checkpoint-dir"));
  const any = async () =>
    (await client.containers.list({ all: true }))
      .filter(({ State }) => State !== "running")
      .slice(0, MOST_ASKED)
      .map(({ Id }) => Id);
  const containers = args[0] === undefined ? await any() : [args[0]];
  const found = await Promise.all(containers.map((id) => client.checkpoints.list(id, { directory })));
  return [...new Set(found.flat().map(({ Name }) => Name))];
}

async function namesOf(client: Client, what: Exclude<Completion, "checkpoints">): Promise<string[]> {
  if (what === "networks") return (await client.networks.list()).map(({ Name }) => Name);
  if (what === "secrets" || what === "configs") return (await client[what].list()).map(({ Name }) => Name);
  if (what === "sockets") return (await client.sockets.list()).map(({ Name }) => Name);
  if (what === "volumes") return (await client.volumes.list()).Volumes.map(({ Name }) => Name);
  if (what === "images") return (await client.images.list()).flatMap((image) => image.RepoTags);
  const containers = await client.containers.list({ all: what === "containers" });
  return containers.flatMap(({ Names }) => Names.map((name) => name.replace(/^\//, "")));
}
