import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, text } from "../../arguments/option.ts";
import { type Columns, renderRows } from "../../table/rows.ts";
import { inspectAll } from "../inspect-all.ts";

export const sockets = defineCommand({
  path: ["system", "socket", "ls"],
  aliases: [["system", "socket", "list"]],
  summary: "List sockets that let others use a part of the engine",
  args: { usage: "", least: 0, most: 0 },
  options: {
    format: text("FORMAT", "table, json, a template, or table and a template"),
    quiet: flag("Only the names", { short: "q" }),
  },
  examples: [{ line: "tug system socket ls", does: "List names, scopes, owners and paths" }],
  async run({ options, connect }) {
    const found = await (await connect()).sockets.list();
    return {
      output: renderRows(found, columns, {
        format: options.format,
        table: "{{.Name}}\t{{.Scope}}\t{{.Owner}}\t{{.Mode}}\t{{.Path}}",
        only: options.quiet ? "Name" : undefined,
      }),
    };
  },
});

export const inspectSocket = defineCommand({
  path: ["system", "socket", "inspect"],
  aliases: [],
  summary: "Show what sockets allow",
  args: { usage: "SOCKET...", least: 1, completes: "sockets" },
  options: { format: text("FORMAT", "json, or a template for each object", { short: "f" }) },
  examples: [
    { line: "tug system socket inspect -f '{{json .Allow}}' ci", does: "Print what a socket allows" },
  ],
  async run({ options, args, connect, context }) {
    const client = await connect();
    const find = (name: string) => client.sockets.inspect(name);
    return inspectAll({ context, names: args, find, format: options.format });
  },
});

const columns: Columns<dockerApi.Socket> = {
  Name: { heading: "NAME", value: ({ Name }) => Name },
  Scope: { heading: "SCOPE", value: ({ Scope }) => Scope },
  Owner: { heading: "OWNER", value: ({ Uid, Gid }) => `${Uid}:${Gid}` },
  Mode: { heading: "MODE", value: ({ Mode }) => Mode.toString(8).padStart(4, "0") },
  Allow: { heading: "ALLOW", value: ({ Allow }) => Allow.join(",") },
  Path: { heading: "PATH", value: ({ Path }) => Path },
};
