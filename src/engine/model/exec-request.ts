/** What a client wants to run in a container that runs already. */
export type ExecRequest = {
  /** The program and its arguments. */
  readonly args: readonly string[];
  /** `NAME=value`, on top of the container's own; a `NAME` alone removes one. */
  readonly env: readonly string[];
  /** Left out: the container's. */
  readonly workingDir?: string | undefined;
  /** `USER[:GROUP]`, names or numbers; left out: the container's. */
  readonly user?: string | undefined;
  /** Every capability that the engine can give. */
  readonly privileged: boolean;
  readonly tty: boolean;
  /** Which streams a client that starts it is attached to. */
  readonly attach: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** Size of the terminal at the start, in characters. */
  readonly consoleSize?: TerminalSize | undefined;
  /** Keys that detach, as the client wrote them. */
  readonly detachKeys?: string | undefined;
};

/** In characters. */
export type TerminalSize = { readonly height: number; readonly width: number };
