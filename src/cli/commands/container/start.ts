import { dockerApi } from "../../../specs/index.ts";
import { defineCommand, type Invocation } from "../../arguments/command.ts";
import { flag, text, type ValuesOf } from "../../arguments/option.ts";
import { cliError } from "../../errors.ts";
import { runSession } from "../../session/run-session.ts";
import { forEachName } from "../for-each-name.ts";
import { checkpointDirectory, hostDirectory } from "./checkpoint.ts";

const options = {
  attach: flag("Attach to the output and pass signals on", { short: "a" }),
  interactive: flag("Attach to the input", { short: "i" }),
  checkpoint: text("CHECKPOINT", "Go on from a checkpoint instead of running the program", {
    completes: "checkpoints",
  }),
  "checkpoint-dir": checkpointDirectory,
  "detach-keys": text("KEYS", "Keys that leave the container running, such as ctrl-p,ctrl-q"),
} as const;

export const start = defineCommand({
  path: ["container", "start"],
  aliases: [["start"]],
  summary: "Start containers that are not running",
  args: { usage: "CONTAINER...", least: 1, completes: "containers" },
  options,
  examples: [
    { line: "tug start -ai shell", does: "Go on in the shell of a container" },
    { line: "tug start --checkpoint before-upgrade web", does: "Go on where a checkpoint was made" },
  ],
  async run(invocation) {
    const { options: values, args, connect } = invocation;
    if (values.checkpoint && args.length > 1)
      throw cliError("CONFLICT", "cannot start more than one container from a checkpoint at once");
    if (values.attach || values.interactive) return startAttached(invocation);
    const client = await connect();
    return forEachName(invocation.context, args, async (name) => {
      await client.containers.start(name, checkpointOf(invocation));
      return `${name}\n`;
    });
  },
});

function checkpointOf({ options: values, context }: Invocation<ValuesOf<typeof options>>) {
  return {
    checkpoint: values.checkpoint,
    checkpointDirectory: hostDirectory(context.cwd, values["checkpoint-dir"]),
  };
}

async function startAttached(invocation: Invocation<ValuesOf<typeof options>>) {
  const { options: values, args, context, signal } = invocation;
  const [name = "", ...others] = args;
  if (others.length > 0) throw cliError("CONFLICT", "cannot attach to more than one container at once");
  const detachKeys = values["detach-keys"] ?? dockerApi.DEFAULT_DETACH_KEYS;
  dockerApi.parseDetachKeys(detachKeys);
  const client = await invocation.connect();
  const { Id, Config, HostConfig } = await client.containers.inspect(name);
  const stdin = values.interactive && (Config.OpenStdin ?? false);
  return runSession({
    context,
    client,
    container: Id,
    start: checkpointOf(invocation),
    tty: Config.Tty ?? false,
    attach: { stdin, stdout: true, stderr: true },
    removed: HostConfig.AutoRemove ?? false,
    forwardSignals: !Config.Tty,
    detachKeys,
    signal,
  });
}
