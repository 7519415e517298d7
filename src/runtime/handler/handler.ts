/** The program of another OCI runtime, by which containers are made and worked on. */
export type RuntimeHandler = {
  /** By which containers ask for it. */
  readonly name: string;
  /** The program: absolute, with links resolved. */
  readonly path: string;
  /** What stands before the command in each of its command lines. */
  readonly options: readonly string[];
  /** The host sees a sandbox instead of the container's processes and mounts. */
  readonly sandbox: boolean;
};

/** Names below a container's run directory that belong to its handler. */
export const handlerFiles = {
  /** The handler as it was when the container was started. */
  handler: "runtime.json",
  /** Where the program keeps its own state of this one container. */
  root: "runtime",
  pid: "runtime-pid",
  process: "runtime-process.json",
  console: "runtime-console",
} as const;

/** One command of a handler's command line: the words behind the container's id may be followed by more. */
export type HandlerCall = {
  readonly handler: RuntimeHandler;
  readonly id: string;
  /** The container's run directory. */
  readonly run: string;
};

/** The only variable that such a program gets, and where bare names of programs are looked for. */
export const handlerPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
