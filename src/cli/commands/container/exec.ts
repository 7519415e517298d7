import type { Client } from "../../../api/docker/client/index.ts";
import { TugError } from "../../../base/index.ts";
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
  const body = {
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
  };
  const make = async () => (await client.execs.create(container, body)).Id;
  if (values.detach) {
    await begin(make, (exec) => client.execs.start(exec, { signal }));
    return {};
  }
  return attachTo({ client, context, make, stdin, tty: values.tty, detachKeys, signal });
}

/** Makes a session and begins it. One that nobody knows has not begun: its engine has gone, and the next one makes it anew. */
async function begin<T>(
  make: () => Promise<string>,
  start: (exec: string) => Promise<T>,
): Promise<{ readonly exec: string; readonly begun: T }> {
  const first = await make();
  try {
    return { exec: first, begun: await start(first) };
  } catch (error) {
    if (!isUnknown(error, first)) throw error;
    const exec = await make();
    return { exec, begun: await start(exec) };
  }
}

function isUnknown(error: unknown, exec: string): boolean {
  return error instanceof TugError && error.kind === "notFound" && error.details.exec === exec;
}

type ExecSession = {
  readonly client: Client;
  readonly context: CliContext;
  readonly make: () => Promise<string>;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly detachKeys: string;
  readonly signal: AbortSignal;
};

/** 128 + SIGPIPE: nobody reads our output any more. */
const UNREAD = 141;

async function attachTo(options: ExecSession): Promise<Outcome> {
  const { client, context, make, tty, signal } = options;
  const size = tty && context.terminal.stdout ? context.terminal.size() : undefined;
  const { exec, begun } = await begin(make, (made) => client.execs.attach(made, { size, tty, signal }));
  const session = startSession(context, begun, options);
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
  const { ExitCode, Running } = await client.execs.inspect(exec).catch((error: unknown) => {
    if (!isUnknown(error, exec)) throw error;
    throw cliError("FAILED", "the engine has gone, and with it how the command has ended", {
      hint: "the container may have ended meanwhile: tug ps -a",
    });
  });
  if (ExitCode !== null && !Running) return ExitCode;
  throw cliError("FAILED", "lost the connection to a command that is still running", {
    hint: "it goes on in the container",
  });
}
