import { dockerApi } from "../../../specs/index.ts";
import { defineCommand, type Invocation } from "../../arguments/command.ts";
import { flag, text, type ValuesOf } from "../../arguments/option.ts";
import type { TerminalSize } from "../../context.ts";
import { cliError } from "../../errors.ts";
import { forwardSignals } from "../../session/forward-signals.ts";
import { exitOf } from "../../session/run-session.ts";
import { startSession } from "../../session/stdio.ts";
import { followTerminalSize } from "../../session/terminal-size.ts";

const options = {
  "detach-keys": text("KEYS", "Keys that leave the container running, such as ctrl-p,ctrl-q"),
  "no-stdin": flag("Do not attach to the input"),
  "sig-proxy": flag("Pass signals on to the container", { initial: true }),
} as const;

export const attach = defineCommand({
  path: ["container", "attach"],
  aliases: [["attach"]],
  summary: "Attach to the input and output of a running container",
  args: { usage: "CONTAINER", least: 1, most: 1, completes: "running" },
  options,
  examples: [
    { line: "tug attach web", does: "Watch a container; ctrl-p ctrl-q leaves one that has a terminal" },
  ],
  run: attachContainer,
});

async function attachContainer(invocation: Invocation<ValuesOf<typeof options>>) {
  const { options: values, context, signal } = invocation;
  const [name = ""] = invocation.args;
  const detachKeys = values["detach-keys"] ?? dockerApi.DEFAULT_DETACH_KEYS;
  dockerApi.parseDetachKeys(detachKeys);
  const client = await invocation.connect();
  // Before looking at the state: an end in between is then not missed.
  const waiting = await client.containers.wait(name, "not-running", { signal });
  const { Id: container, Config, State } = await client.containers.inspect(name);
  refuseUnlessRunning(name, State);
  const tty = Config.Tty ?? false;
  const stdin = !values["no-stdin"] && (Config.OpenStdin ?? false);
  const giveUp = () => session.close();
  const streams = await client.containers.attach(container, { stdin, detachKeys, signal });
  const session = startSession(context, streams, { stdin, tty, detachKeys });
  const forwards = values["sig-proxy"] && !tty;
  const stopForwarding = forwards ? forwardSignals(context, client, { container, giveUp }) : () => {};
  const resize = (size: TerminalSize) => client.containers.resize(container, size);
  const stopResizing = tty ? followTerminalSize(context, { resize, nudge: true }) : () => {};
  try {
    const how = await session.done;
    return how === "detached" ? {} : exitOf(await waiting.ended);
  } finally {
    stopResizing();
    stopForwarding();
    session.close();
  }
}

function refuseUnlessRunning(name: string, state: dockerApi.ContainerState): void {
  const hints = { paused: "unpause it first", restarting: "wait until it runs" } as const;
  const { Status } = state;
  if (Status === "running") return;
  const hint =
    Status === "paused" || Status === "restarting" ? hints[Status] : "start it first, or use tug start -a";
  throw cliError("STATE", `cannot attach to container ${name}: it is ${Status}`, { hint });
}
