import { TugError } from "../../../base/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, text } from "../../arguments/option.ts";
import { forEachName } from "../for-each-name.ts";

export const kill = defineCommand({
  path: ["container", "kill"],
  aliases: [["kill"]],
  summary: "Send a signal to running containers",
  args: { usage: "CONTAINER...", least: 1, completes: "running" },
  options: { signal: text("SIGNAL", "Signal to send instead of KILL", { short: "s" }) },
  examples: [{ line: "tug kill -s HUP web", does: "Let a service read its configuration again" }],
  async run({ options, args, connect, context }) {
    const { containers } = await connect();
    return forEachName(context, args, async (name) => {
      await containers.kill(name, options.signal);
      return `${name}\n`;
    });
  },
});

export const pause = defineCommand({
  path: ["container", "pause"],
  aliases: [["pause"]],
  summary: "Freeze all processes of containers",
  args: { usage: "CONTAINER...", least: 1, completes: "running" },
  options: {},
  examples: [{ line: "tug pause web", does: "Hold a container where it is" }],
  async run({ args, connect, context }) {
    const { containers } = await connect();
    return forEachName(context, args, (name) => containers.pause(name).then(() => `${name}\n`));
  },
});

export const unpause = defineCommand({
  path: ["container", "unpause"],
  aliases: [["unpause"]],
  summary: "Let frozen containers go on",
  args: { usage: "CONTAINER...", least: 1, completes: "containers" },
  options: {},
  examples: [{ line: "tug unpause web", does: "Let a container go on" }],
  async run({ args, connect, context }) {
    const { containers } = await connect();
    return forEachName(context, args, (name) => containers.unpause(name).then(() => `${name}\n`));
  },
});

export const rename = defineCommand({
  path: ["container", "rename"],
  aliases: [["rename"]],
  summary: "Give a container another name",
  args: { usage: "CONTAINER NAME", least: 2, most: 2, completes: "containers" },
  options: {},
  examples: [{ line: "tug rename web old-web", does: "Make room for another container of that name" }],
  async run({ args: [container = "", name = ""], connect }) {
    await (await connect()).containers.rename(container, name);
    return {};
  },
});

export const wait = defineCommand({
  path: ["container", "wait"],
  aliases: [["wait"]],
  summary: "Wait until containers have ended and print their exit codes",
  args: { usage: "CONTAINER...", least: 1, completes: "containers" },
  repeatable: true,
  options: {},
  examples: [{ line: "tug wait job", does: "Wait for a container that runs in the background" }],
  async run({ args, connect, context, signal }) {
    const { containers } = await connect();
    return forEachName(context, args, async (name) => {
      const { StatusCode } = await (await containers.wait(name, "not-running", { signal })).ended;
      return `${StatusCode}\n`;
    });
  },
});

export const remove = defineCommand({
  path: ["container", "rm"],
  aliases: [["rm"], ["container", "remove"]],
  summary: "Remove containers",
  args: { usage: "CONTAINER...", least: 1, completes: "containers" },
  options: {
    force: flag("Kill running ones first, and do not mind missing ones", { short: "f" }),
    volumes: flag("Remove their anonymous volumes too", { short: "v" }),
  },
  examples: [{ line: "tug rm -f $(tug ps -aq)", does: "Remove every container" }],
  async run({ options, args, connect, context }) {
    const { containers } = await connect();
    return forEachName(context, args, async (name) => {
      try {
        await containers.remove(name, options);
        return `${name}\n`;
      } catch (error) {
        if (options.force && error instanceof TugError && error.kind === "notFound") return "";
        throw error;
      }
    });
  },
});
