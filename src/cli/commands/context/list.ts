import type { TugError } from "../../../base/index.ts";
import { chosenContext, DEFAULT_CONTEXT, openContexts } from "../../../endpoints/index.ts";
import { defineCommand, type Invocation } from "../../arguments/command.ts";
import { flag, text } from "../../arguments/option.ts";
import { warner } from "../../engine/chosen-engine.ts";
import { type Columns, renderRows } from "../../table/rows.ts";

type Row = {
  readonly name: string;
  readonly description: string;
  readonly host: string;
  readonly current: boolean;
  readonly failure: TugError | undefined;
};

export const contexts = defineCommand({
  path: ["context", "ls"],
  aliases: [["context", "list"]],
  summary: "List contexts",
  args: { usage: "", least: 0, most: 0 },
  options: {
    format: text("FORMAT", "table, json, a template, or table and a template"),
    quiet: flag("Only the names", { short: "q" }),
  },
  examples: [{ line: "tug context ls", does: "List engines by name, and which is used" }],
  async run({ options, context, globals }) {
    const current = await nameInUse({ context, globals });
    const rows: Row[] = [
      {
        name: DEFAULT_CONTEXT,
        description: "The engine of this machine",
        host: `unix://${context.engineSocket ?? ""}`,
      },
      ...(await openContexts(context).list()).map((found) =>
        "failure" in found
          ? { name: found.name, description: "", host: "", failure: found.failure }
          : { name: found.name, description: found.context.description, host: found.context.host ?? "" },
      ),
    ].map((row) => ({ failure: undefined, ...row, current: row.name === current }));
    return {
      output: renderRows(rows, options.format === "json" ? columns : { ...columns, Marked }, {
        format: options.format,
        table: "{{.Marked}}\t{{.Description}}\t{{.DockerEndpoint}}\t{{.Error}}",
        only: options.quiet ? "Name" : undefined,
      }),
    };
  },
});

export const showContext = defineCommand({
  path: ["context", "show"],
  aliases: [],
  summary: "Print the name of the context that is used",
  args: { usage: "", least: 0, most: 0 },
  options: {},
  examples: [{ line: "tug context show", does: "Print default, unless another one was chosen" }],
  run: async (invocation) => ({ output: `${await nameInUse(invocation)}\n` }),
});

/** The context that a command line means. */
export function nameInUse({
  context,
  globals,
}: Pick<Invocation<unknown>, "context" | "globals">): Promise<string> {
  return chosenContext({ env: context.env, cwd: context.cwd, warn: warner(context), ...globals });
}

/** The name with a sign of its use, for the table. */
const Marked = { heading: "NAME", value: ({ name, current }: Row) => (current ? `${name} *` : name) };

const columns: Columns<Row> = {
  Name: { heading: "NAME", value: ({ name }) => name },
  Current: { heading: "CURRENT", value: ({ current }) => String(current) },
  Description: { heading: "DESCRIPTION", value: ({ description }) => description },
  DockerEndpoint: { heading: "DOCKER ENDPOINT", value: ({ host }) => host },
  Error: { heading: "ERROR", value: ({ failure }) => failure?.message ?? "" },
};
