import { TugError } from "../../../base/index.ts";
import { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { text } from "../../arguments/option.ts";
import { renderFailure } from "../../failure.ts";
import { parseTemplate } from "../../template/parse.ts";
import { renderTemplate } from "../../template/render.ts";
import { write } from "../../write.ts";

const LAYOUT = [
  "Client:",
  " Version:       {{.Client.Version}}",
  " API version:   {{.Client.ApiVersion}}",
  "{{with .Server}}",
  "Engine:",
  " Version:       {{.Version}}",
  " API version:   {{.ApiVersion}} (minimum version {{.MinAPIVersion}})",
  " Commit:        {{.GitCommit}}",
  " OS/Arch:       {{.Os}}/{{.Arch}}",
  " Kernel:        {{.KernelVersion}}",
  " Runs on:       {{.GoVersion}}",
  "{{end}}",
].join("\n");

export const version = defineCommand({
  path: ["version"],
  aliases: [["system", "version"]],
  summary: "Show the versions of the client and the engine",
  args: { usage: "", least: 0, most: 0 },
  repeatable: true,
  options: { format: text("FORMAT", "json, or a template", { short: "f" }) },
  examples: [{ line: "tug version -f '{{.Server.Version}}'", does: "Print the version of the engine" }],
  async run({ options, connect, context }) {
    const client = {
      Version: context.version,
      ApiVersion: dockerApi.formatApiVersion(dockerApi.NEWEST_API_VERSION),
    };
    let failure: TugError | undefined;
    const server = await connect()
      .then((engine) => engine.system.version())
      .catch((error) => {
        if (!(error instanceof TugError)) throw error;
        failure = error;
      });
    const versions = { Client: client, Server: server };
    const { format } = options;
    const output =
      format === "json"
        ? JSON.stringify(versions)
        : renderTemplate(parseTemplate(format ?? LAYOUT), versions, { fixed: true }).trimEnd();
    // What is known is shown even when there is no engine to ask.
    await write(context.stdout, `${output}\n`);
    if (failure === undefined) return {};
    await write(context.stderr, renderFailure(failure, context));
    return { exitCode: 1 };
  },
});
