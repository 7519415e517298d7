import type { Client } from "../../../api/docker/client/index.ts";
import { dockerApi } from "../../../specs/index.ts";
import { defineCommand, type Invocation, type Outcome } from "../../arguments/command.ts";
import { flag, list, text, texts, type ValuesOf } from "../../arguments/option.ts";
import type { CliContext, TerminalSize } from "../../context.ts";
import { cliError } from "../../errors.ts";
import { startSession } from "../../session/stdio.ts";
import { followTerminalSize } from "../../session/terminal-size.ts";
import { readVariable } from "../../values/key-values.ts";
import { readVariables } from "./create-body.ts";

const options = {
  detach: flag("Run in the background", { short: "d" }),
  "detach-keys": text("KEYS", "Keys that leave the program running, such as ctrl-p,ctrl-q"),
  env: list("NAME[=VALUE]", "Set an environment variable", { short: "e", read: readVariable }),
  "env-file": texts("FILE", "Read environment variables from a file", { completes: "files" }),
  interactive: flag("Attach to the input", { short: "i" }),
  privileged: flag("Give extended privileges"),
  tty: flag("Allocate a terminal", { short: "t" }),
  user: text("USER[:GROUP]", "Run as a user, by name or number", { short: "u" }),
  workdir: text("DIR", "Working directory in the container", { short: "w" }),
} as const;

export const exec = defineCommand({
  path: ["container", "exec"],
  aliases: [["exec"]],
  summary: "Run a command in a running container",
  args: { usage: "CONTAINER COMMAND [ARG...]", least: 2, optionsFirst: true, completes: "running" },
  options,
  examples: [
    { line: "tug exec -it web sh", does: "Work in a shell beside what runs there" },
    { line: "tug exec -u postgres -w /tmp db pg_dump -f dump app", does: "Run one command as another user" },
  ],
  run: execInContainer,
});

async function execInContainer(invocation: Invocation<ValuesOf<typeof options>>): Promise<Outcome> {
  const { options: values, args, context, signal } = invocation;
  const [container = "", ...command] = args;
  const detachKeys = values["detach-keys"] ?? dockerApi.DEFAULT_DETACH_KEYS;
  dockerApi.parseDetachKeys(detachKeys);
  const stdin = values.interactive && !values.detach;
  if (values.tty && stdin && !context.terminal.stdin) {
    throw cliError("NO_TERMINAL", "the input device is not a TTY", {
      hint: "leave out -t when the input is a pipe or a file",
    });
  }
  const env = await readVariables(values, context);
  const client = await invocation.connect();
  const { Id } = await client.execs.create(container, {
    Cmd: command,
    Env: env,
    Tty: values.tty,
    AttachStdin: stdin,
    AttachStdout: !values.detach,
    AttachStderr: !values.detach,
    User: values.user,
    WorkingDir: values.workdir,
    Privileged: values.privileged,
    DetachKeys: values["detach-keys"],
  });
  if (values.detach) {
    await client.execs.start(Id, { signal });
    return {};
  }
  return attachTo({ client, context, exec: Id, stdin, tty: values.tty, detachKeys, signal });
}

type ExecSession = {
  readonly client: Client;
  readonly context: CliContext;
  readonly exec: string;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly detachKeys: string;
  readonly signal: AbortSignal;
};

/** 128 + SIGPIPE: nobody reads our output any more. */
const UNREAD = 141;

async function attachTo(options: ExecSession): Promise<Outcome> {
  const { client, context, exec, tty, signal } = options;
  const size = tty && context.terminal.stdout ? context.terminal.size() : undefined;
  const session = startSession(context, await client.execs.attach(exec, { size, tty, signal }), options);
  const resize = (wanted: TerminalSize) => client.execs.resize(exec, wanted);
  const stopResizing = tty ? followTerminalSize(context, { resize, nudge: false }) : () => {};
  try {
    const how = await session.done;
    if (how === "detached") return {};
    return { exitCode: how === "unread" ? UNREAD : await exitCodeOf(client, exec) };
  } finally {
    stopResizing();
    session.close();
  }
}

async function exitCodeOf(client: Client, exec: string): Promise<number> {
  const { ExitCode, Running } = await client.execs.inspect(exec);
  if (ExitCode !== null && !Running) return ExitCode;
  throw cliError("FAILED", "lost the connection to a command that is still running", {
    hint: "it goes on in the container",
  });
}
