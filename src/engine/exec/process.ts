import { namesOfMask } from "../../runtime/index.ts";
import type { Process } from "../../specs/oci-runtime/index.ts";
import type { ExecRequest, TerminalSize } from "../model/exec-request.ts";
import type { ResolvedUser } from "../spec/input.ts";

export type ExecProcessInput = {
  /** The first process of the container, as it was started. */
  readonly first: Process;
  readonly request: ExecRequest;
  readonly user: ResolvedUser;
  readonly consoleSize: TerminalSize | undefined;
  /** Mask of the capabilities that the engine can hand on. */
  readonly available: bigint;
};

/**
 * A further process of a container: like the first one in limits, labels, capabilities and variables, but for what was
 * asked for otherwise. Docker does the same.
 */
export function execProcess({ first, request, user, consoleSize, available }: ExecProcessInput): Process {
  const { privileged, tty } = request;
  const bounding = privileged ? namesOfMask(available) : (first.capabilities?.bounding ?? []);
  const { consoleSize: _, ...inherited } = first;
  return {
    ...inherited,
    terminal: tty,
    ...(tty && consoleSize && { consoleSize: { ...consoleSize } }),
    user: { uid: user.uid, gid: user.gid, additionalGids: [...user.groups] },
    args: [...request.args],
    env: execEnvironment(first.env ?? [], request),
    cwd: request.workingDir ?? first.cwd,
    capabilities: {
      bounding: [...bounding],
      // A user other than root gets capabilities by exec of a file that has them only.
      effective: user.uid === 0 ? [...bounding] : [],
      permitted: user.uid === 0 ? [...bounding] : [],
    },
  };
}

/** The container's variables and the request's; the terminal's kind is that of this process, not of the first one. */
function execEnvironment(container: readonly string[], { tty, env }: ExecRequest): string[] {
  const variables = new Map<string, string>();
  const set = (entry: string): void => {
    const equals = entry.indexOf("=");
    if (equals < 0) variables.delete(entry);
    else variables.set(entry.slice(0, equals), entry);
  };
  if (tty) set("TERM=xterm");
  for (const entry of container) set(entry);
  for (const entry of env) set(entry);
  return [...variables.values()];
}
