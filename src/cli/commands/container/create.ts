import { defineCommand } from "../../arguments/command.ts";
import { buildCreateBody } from "./create-body.ts";
import { createContainer } from "./create-container.ts";
import { createOptions } from "./create-options.ts";

export const create = defineCommand({
  path: ["container", "create"],
  aliases: [["create"]],
  summary: "Create a container and print its id",
  args: { usage: "IMAGE [COMMAND] [ARG...]", least: 1, optionsFirst: true, completes: "images" },
  options: createOptions,
  examples: [
    { line: "tug start -a $(tug create busybox echo hi)", does: "Make a container now and start it later" },
  ],
  async run({ options, given, args, context, connect }) {
    const body = await buildCreateBody({ values: options, given, args, context });
    return {
      output: `${await createContainer({ client: await connect(), context, body, values: options })}\n`,
    };
  },
});
