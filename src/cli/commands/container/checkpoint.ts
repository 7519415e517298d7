import { resolve } from "node:path";
import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, text } from "../../arguments/option.ts";
import { type Columns, renderRows } from "../../table/rows.ts";

/** Where checkpoints are, for all commands that are about some. */
export const checkpointDirectory = text("DIR", "Directory of checkpoints instead of the container's own", {
  completes: "files",
});

const options = { "checkpoint-dir": checkpointDirectory } as const;

export const createCheckpoint = defineCommand({
  path: ["checkpoint", "create"],
  aliases: [],
  summary: "Keep what the processes of a running container are, and end it",
  args: { usage: "CONTAINER CHECKPOINT", least: 2, most: 2, completes: "running" },
  options: { ...options, "leave-running": flag("Let the container go on") },
  examples: [
    { line: "tug checkpoint create web before-upgrade", does: "Keep a container as it is now, and end it" },
    {
      line: "tug checkpoint create --leave-running --checkpoint-dir /srv/checkpoints web hourly",
      does: "Keep it somewhere else, and let it go on",
    },
  ],
  async run({ options: values, args: [container = "", name = ""], connect, context, signal }) {
    await (await connect()).checkpoints.create(container, name, {
      directory: hostDirectory(context.cwd, values["checkpoint-dir"]),
      leaveRunning: values["leave-running"],
      signal,
    });
    return { output: `${name}\n` };
  },
});

export const checkpoints = defineCommand({
  path: ["checkpoint", "ls"],
  aliases: [["checkpoint", "list"]],
  summary: "List the checkpoints of a container",
  args: { usage: "CONTAINER", least: 1, most: 1, completes: "containers" },
  repeatable: true,
  options: { ...options, format: text("FORMAT", "table, json, a template, or table and a template") },
  examples: [{ line: "tug checkpoint ls web", does: "See what a container can go on from" }],
  async run({ options: values, args: [container = ""], connect, context, signal }) {
    const directory = hostDirectory(context.cwd, values["checkpoint-dir"]);
    const found = await (await connect()).checkpoints.list(container, { directory, signal });
    return { output: renderRows(found, columns, { format: values.format, table: "{{.Name}}" }) };
  },
});

export const removeCheckpoint = defineCommand({
  path: ["checkpoint", "rm"],
  aliases: [["checkpoint", "remove"]],
  summary: "Remove a checkpoint of a container",
  args: { usage: "CONTAINER CHECKPOINT", least: 2, most: 2, completes: ["containers", "checkpoints"] },
  options,
  examples: [{ line: "tug checkpoint rm web before-upgrade", does: "Forget a checkpoint" }],
  async run({ options: values, args: [container = "", name = ""], connect, context, signal }) {
    const directory = hostDirectory(context.cwd, values["checkpoint-dir"]);
    await (await connect()).checkpoints.remove(container, name, { directory, signal });
    return {};
  },
});

/** The engine knows nothing of the directory that a command runs in. */
export function hostDirectory(cwd: string, directory: string | undefined): string | undefined {
  return directory === undefined || directory === "" ? undefined : resolve(cwd, directory);
}

const columns: Columns<dockerApi.Checkpoint> = {
  Name: { heading: "CHECKPOINT NAME", value: ({ Name }) => Name },
};
