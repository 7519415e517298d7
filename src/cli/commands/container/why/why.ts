import { defineCommand } from "../../../arguments/command.ts";
import { choice } from "../../../arguments/option.ts";
import { tellWhy } from "./tell.ts";

export const why = defineCommand({
  path: ["container", "why"],
  aliases: [["why"]],
  summary: "Explain how a container ended, or why it is as it is",
  args: { usage: "CONTAINER", least: 1, most: 1, completes: "containers" },
  repeatable: true,
  options: {
    format: choice("FORMAT", "As lines or as JSON", { words: ["lines", "json"] }),
  },
  examples: [
    {
      line: "tug why web",
      does: "See what ended it: an exit code, a signal, the OOM killer, its health check",
    },
    { line: "tug why --format json web", does: "The same for a program" },
  ],
  async run({ options, args: [name = ""], connect, context, signal }) {
    const found = await (await connect()).containers.why(name, { signal });
    if (options.format === "json") return { output: `${JSON.stringify(found, null, 4)}\n` };
    return { output: tellWhy(found, context.now()) };
  },
});
