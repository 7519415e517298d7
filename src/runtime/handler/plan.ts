import { callFlags, type Op, type Plan, type Slot } from "../../plan/index.ts";
import { type Process, printJson } from "../../specs/oci-runtime/index.ts";
import { type PlanBuilder, planBuilder } from "../planner/builder.ts";
import { planConsoleSocket } from "../planner/console.ts";
import type { ConsoleTarget, CreateInput } from "../planner/input.ts";
import { mountRoot, type StandingRoot } from "../planner/root-mount.ts";
import { escapeContent, journalOps, stateWithPid } from "../planner/state.ts";
import { type HandlerCall, handlerFiles, handlerPath } from "./handler.ts";

/** How long a program may take, in seconds: to make something, and for the rest. */
const MAKING = 120;
const WORKING = 30;

/** What decides the plan for a container that a handler makes. */
export type HandlerCreateInput = Omit<CreateInput, "root"> &
  Pick<HandlerCall, "handler"> & {
    readonly console: ConsoleTarget;
    readonly root: StandingRoot;
  };

/**
 * A container that another runtime makes and starts: its state directory is the bundle. The root file system is mounted
 * in a mount namespace that the runtime's program gets, which is gone with the container.
 */
export function planHandlerCreate(input: HandlerCreateInput): Plan {
  const builder = planBuilder();
  const { handler, id, bundle: run, stateDir, spec } = input;
  const call = { handler, id, run };
  const { host } = builder;
  host.push(
    {
      op: "writeFile",
      from: fromOf(call),
      path: `${run}/${handlerFiles.handler}`,
      content: escapeContent(JSON.stringify(handler)),
      mode: 0o600,
    },
    ...journalOps(input),
  );
  const rootfs = builder.slot();
  host.push(...mountRoot(input.root, { from: "/root/path", path: spec.root.path, out: rootfs }));
  const terminal = planTerminal(builder, call, {
    directory: stateDir,
    process: spec.process,
    console: input.console,
  });
  const pidFile = `${run}/${handlerFiles.pid}`;
  const words = ["--bundle", stateDir, "--pid-file", pidFile, ...terminal.words, id];
  host.push(
    {
      ...callOp(call, { command: "create", words, what: "create the container", directory: stateDir }),
      timeout: MAKING,
      flags: callFlags.STREAMS,
      mounts: [rootfs],
      places: [spec.root.path],
    },
    ...terminal.receive,
    { op: "adoptInit", from: fromOf(call), pidFile },
    stateWithPid(input),
    { ...callOp(call, { command: "start", words: [id], what: "start the container" }), timeout: MAKING },
  );
  return builder.finish();
}

export type HandlerExecInput = HandlerCall & {
  readonly process: Process;
  /** The session's own directory. */
  readonly directory: string;
  readonly console: ConsoleTarget;
};

/** A further process in a running container of a handler. */
export function planHandlerExec(input: HandlerExecInput): Plan {
  const builder = planBuilder();
  const { id, process, directory } = input;
  const { host } = builder;
  const file = `${directory}/${handlerFiles.process}`;
  const pidFile = `${directory}/${handlerFiles.pid}`;
  const content = escapeContent(printJson(process));
  host.push({ op: "writeFile", from: fromOf(input), path: file, content, mode: 0o600 });
  const terminal = planTerminal(builder, input, input);
  const words = ["--process", file, "--detach", "--pid-file", pidFile, ...terminal.words, id];
  host.push(
    {
      ...callOp(input, { command: "exec", words, what: "run the program", directory }),
      timeout: MAKING,
      flags: callFlags.STREAMS,
    },
    ...terminal.receive,
    { op: "adoptInit", from: fromOf(input), pidFile },
  );
  return builder.finish();
}

/** What a handler is asked for, with the words of the command line that follow the container's id. */
export type HandlerWork =
  | { readonly command: "pause" | "resume" }
  | { readonly command: "kill"; readonly signal: number }
  | { readonly command: "delete" };

/** One command on a container that a handler has made; `delete` ends what is left of it. */
export function planHandlerWork(call: HandlerCall, work: HandlerWork): Plan {
  const { host, finish } = planBuilder();
  const { command } = work;
  const force = command === "delete" ? ["--force"] : [];
  const signal = work.command === "kill" ? [String(work.signal)] : [];
  const what = `${command} the container`;
  host.push({ ...callOp(call, { command, words: [...force, call.id, ...signal], what }), timeout: WORKING });
  return finish();
}

type Command = {
  readonly command: string;
  readonly words: readonly string[];
  readonly what: string;
  /** Where it works and logs; by default the container's run directory. */
  readonly directory?: string;
};

function callOp(call: HandlerCall, { command, words, what, directory = call.run }: Command) {
  const { handler, run } = call;
  const log = `${directory}/runtime-${command}.log`;
  const own = ["--root", `${run}/${handlerFiles.root}`, "--log", log, "--log-format", "json"];
  return {
    op: "callRuntime",
    from: fromOf(call),
    what,
    path: handler.path,
    args: [handler.name, ...own, ...handler.options, command, ...words],
    env: [`PATH=${handlerPath}`],
    directory,
    log,
    mounts: [] as readonly Slot[],
    places: [] as readonly string[],
  } as const;
}

function fromOf({ handler }: Pick<HandlerCall, "handler">): string {
  return `runtime ${handler.name}`;
}

/**
 * The socket at which the program hands over a terminal, if the process has one. Its name is relative, for paths of sockets
 * are short: it lies where the program works, which for a new container is the bundle.
 */
function planTerminal(
  builder: PlanBuilder,
  call: HandlerCall,
  { directory, process, console }: { directory: string; process: Process; console: ConsoleTarget },
): { words: string[]; receive: Op[] } {
  if (process.terminal !== true) return { words: [], receive: [] };
  const { socket } = planConsoleSocket(builder, console);
  const listener = builder.slot();
  const from = fromOf(call);
  builder.host.push({
    op: "listenConsole",
    from,
    directory,
    name: handlerFiles.console,
    out: listener,
  });
  return {
    words: ["--console-socket", handlerFiles.console],
    receive: [{ op: "passConsole", from, listener, socket }],
  };
}
