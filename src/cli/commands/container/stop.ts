import { defineCommand, type Invocation } from "../../arguments/command.ts";
import { single, text, type ValuesOf } from "../../arguments/option.ts";
import { readInteger } from "../../values/numbers.ts";
import { forEachName } from "../for-each-name.ts";

const options = {
  signal: text("SIGNAL", "Signal to send instead of the container's own", { short: "s" }),
  timeout: single("SECONDS", "Kill it when it has not ended by then, -1 for never", {
    short: "t",
    read: readInteger(-1, 2 ** 31),
  }),
  time: single("SECONDS", "The same as --timeout", { read: readInteger(-1, 2 ** 31) }),
} as const;

export const stop = defineCommand({
  path: ["container", "stop"],
  aliases: [["stop"]],
  summary: "Stop running containers",
  args: { usage: "CONTAINER...", least: 1, completes: "running" },
  repeatable: true,
  options,
  examples: [{ line: "tug stop -t 30 web", does: "Give a container half a minute to end" }],
  run: (invocation) => forEachContainer(invocation, "stop"),
});

export const restart = defineCommand({
  path: ["container", "restart"],
  aliases: [["restart"]],
  summary: "Stop containers and start them again",
  args: { usage: "CONTAINER...", least: 1, completes: "containers" },
  options,
  examples: [{ line: "tug restart web", does: "Start a container anew" }],
  run: (invocation) => forEachContainer(invocation, "restart"),
});

async function forEachContainer(invocation: Invocation<ValuesOf<typeof options>>, verb: "stop" | "restart") {
  const { options: values, args, connect, context } = invocation;
  const { containers } = await connect();
  return forEachName(context, args, async (name) => {
    await containers[verb](name, {
      signalName: values.signal,
      timeoutSeconds: values.timeout ?? values.time,
    });
    return `${name}\n`;
  });
}
