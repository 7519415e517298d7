import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand, type Example } from "../../arguments/command.ts";
import { flag, text } from "../../arguments/option.ts";
import { cliError } from "../../errors.ts";
import { inspectAll } from "../inspect-all.ts";
import { renderNamedData } from "./pretty.ts";

export const inspectSecret = inspect("secret", {
  summary: "Show everything about secrets but themselves",
  examples: [
    { line: "tug secret inspect password", does: "Show which containers have a secret" },
    { line: "tug secret inspect --pretty password", does: "Show it as lines to read" },
  ],
});

export const inspectConfig = inspect("config", {
  summary: "Show everything about configs",
  examples: [
    { line: "tug config inspect -f '{{.Data}}' site | base64 -d", does: "Print what a config holds" },
    { line: "tug config inspect --pretty site", does: "Show it as lines to read" },
  ],
});

type Showing = { readonly summary: string; readonly examples: readonly Example[] };

function inspect(kind: "secret" | "config", { summary, examples }: Showing) {
  return defineCommand({
    path: [kind, "inspect"],
    aliases: [],
    summary,
    args: { usage: `${kind.toUpperCase()}...`, least: 1, completes: `${kind}s` as const },
    options: {
      format: text("FORMAT", "json, or a template for each object", { short: "f" }),
      pretty: flag("Lines to read in the place of JSON"),
    },
    examples,
    async run({ options, args, connect, context }) {
      if (options.pretty && options.format !== undefined)
        throw cliError("CONFLICT", "cannot use --pretty together with --format");
      const client = await connect();
      const find = (name: string): Promise<dockerApi.Config> => client[`${kind}s`].inspect(name);
      const render = options.pretty ? renderNamedData : undefined;
      return inspectAll({ context, names: args, find, format: options.format, render });
    },
  });
}
