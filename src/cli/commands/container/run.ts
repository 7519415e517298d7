import { dockerApi } from "../../../specs/index.ts";
import { defineCommand, type Invocation } from "../../arguments/command.ts";
import { flag, text, type ValuesOf } from "../../arguments/option.ts";
import { cliError } from "../../errors.ts";
import { runSession } from "../../session/run-session.ts";
import { buildCreateBody } from "./create-body.ts";
import { createContainer } from "./create-container.ts";
import { createOptions } from "./create-options.ts";
import { nameOptions } from "./option-of-pointer.ts";

const options = {
  ...createOptions,
  detach: flag("Run in the background and print the container's id", { short: "d" }),
  "detach-keys": text("KEYS", "Keys that leave the container running, such as ctrl-p,ctrl-q"),
  "sig-proxy": flag("Pass signals on to the container", { initial: true }),
} as const;

export const run = defineCommand({
  path: ["container", "run"],
  aliases: [["run"]],
  summary: "Create a container from an image and run a command in it",
  args: { usage: "IMAGE [COMMAND] [ARG...]", least: 1, optionsFirst: true, completes: "images" },
  options,
  examples: [
    { line: "tug run --rm tug/hello", does: "See what a container looks like from inside" },
    { line: "tug run --rm -it debian bash", does: "Work in a shell and leave nothing behind" },
    {
      line: "tug run -d --name web -m 100m --restart always nginx",
      does: "Run a limited service in the background",
    },
    {
      line: "tug run -d --name worker --parent web -m 20m busybox work",
      does: "Run a worker within the limits of web, that ends with it",
    },
    {
      line: "tug run -d -t --name vm --systemd my/debian /sbin/init",
      does: "Boot a whole system with systemd, to look into with tug exec",
    },
    { line: "tug run --rm -v ./src:/src:ro -w /src node npm test", does: "Use a directory of the host" },
  ],
  // Docker's code for "the container was never run".
  failureCode: 125,
  run: runContainer,
});

async function runContainer(invocation: Invocation<ValuesOf<typeof options>>) {
  const { options: values, given, args, context, signal } = invocation;
  if (values.detach && values.attach.length > 0) {
    throw cliError("CONFLICT", "conflicting options: cannot specify both --attach and --detach");
  }
  const detachKeys = values["detach-keys"] ?? dockerApi.DEFAULT_DETACH_KEYS;
  dockerApi.parseDetachKeys(detachKeys);
  const asked = await buildCreateBody({ values, given, args, context });
  const body = values.detach ? { ...asked, ...unattached } : asked;
  if (!values.detach && body.Tty && body.AttachStdin && !context.terminal.stdin) {
    throw cliError("NO_TERMINAL", "the input device is not a TTY", {
      hint: "leave out -t when the input is a pipe or a file",
      details: { exitCode: 1 },
    });
  }
  const client = await invocation.connect();
  const id = await createContainer({ client, context, body, values });
  // The engine names places of the create body: people wrote options.
  const named = (error: unknown): never => {
    throw nameOptions(error);
  };
  if (values.detach) {
    await client.containers.start(id).catch(named);
    return { output: `${id}\n` };
  }
  return runSession({
    context,
    client,
    container: id,
    tty: body.Tty ?? false,
    attach: {
      stdin: body.AttachStdin ?? false,
      stdout: body.AttachStdout ?? false,
      stderr: body.AttachStderr ?? false,
    },
    removed: values.rm,
    forwardSignals: values["sig-proxy"],
    detachKeys,
    signal,
  }).catch(named);
}

const unattached = {
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  StdinOnce: false,
} as const;
