import type { Slot } from "../../plan/index.ts";
import type { Process } from "../../specs/oci-runtime/index.ts";
import type { PlanBuilder } from "./builder.ts";
import type { ConsoleTarget, CreateInput } from "./input.ts";
import type { MountContext } from "./mounts.ts";

export type ConsolePlan = {
  /** Adds the op that makes the terminal, if the process wants one. */
  readonly open: (context: MountContext) => void;
  /** Where the master arrives if the helper itself relays the terminal. */
  readonly terminal: Slot | undefined;
};

/** The terminal of a new container. */
export function planConsole(builder: PlanBuilder, input: CreateInput): ConsolePlan {
  const { process } = input.spec;
  if (process.terminal !== true || input.console === undefined)
    return { open: () => undefined, terminal: undefined };
  const { socket, terminal } = planConsoleSocket(builder, input.console);
  const open = ({ builder: { init }, root }: MountContext): void => {
    init.push({ op: "console", from: "/process/terminal", root, socket, mount: 1, ...consoleSize(process) });
  };
  return { open, terminal };
}

/** The socket that the master is sent to. */
export function planConsoleSocket(
  { host, slot }: PlanBuilder,
  target: ConsoleTarget,
): { socket: Slot; terminal: Slot | undefined } {
  const socket = slot();
  if (target.kind === "socket") {
    host.push({ op: "connect", from: "--console-socket", path: target.path, out: socket });
    return { socket, terminal: undefined };
  }
  if (target.kind === "descriptor") {
    host.push({ op: "inherit", from: "terminal", fd: target.fd, out: socket });
    return { socket, terminal: undefined };
  }
  const near = slot();
  host.push({ op: "socketPair", from: "terminal", near, far: socket });
  return { socket, terminal: near };
}

/** The socket that a pidfd is sent to; connected before anything is made, so that a wrong one is found at once. */
export function planPidfdSocket({ host, slot }: PlanBuilder, path: string | undefined): Slot | undefined {
  if (path === undefined) return undefined;
  const out = slot();
  host.push({ op: "connect", from: "--pidfd-socket", path, out });
  return out;
}

/** Size and owner of the terminal. */
export function consoleSize({ consoleSize: size, user }: Process): {
  rows?: number;
  columns?: number;
  uid: number;
} {
  return { ...(size && { rows: size.height, columns: size.width }), uid: user.uid };
}
