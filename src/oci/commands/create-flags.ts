import { resolve } from "node:path";
import type { Attendance, CreateOptions } from "../../runtime/index.ts";
import type { OciEnvironment } from "../command.ts";
import { notifySocket, passedDescriptors } from "../descriptors.ts";
import type { FlagValues } from "../flags.ts";
import { wholeNumber } from "../numbers.ts";

/** Flags that create and run share. */
export const createFlags = {
  bundle: {
    kind: "text",
    short: "b",
    placeholder: "path",
    help: "path to the root of the bundle directory, default: the current directory",
  },
  config: {
    kind: "text",
    short: "f",
    placeholder: "file",
    help: "configuration to use instead of the bundle's config.json",
  },
  "console-socket": {
    kind: "text",
    placeholder: "path",
    help: "unix socket that receives the master end of the console's pseudoterminal",
  },
  "pidfd-socket": {
    kind: "text",
    placeholder: "path",
    help: "unix socket that receives a pidfd of the container's process",
  },
  "pid-file": { kind: "text", placeholder: "file", help: "file to write the process id to" },
  "no-pivot": { kind: "boolean", help: "do not use pivot_root, for a root file system on a ramdisk" },
  "no-new-keyring": { kind: "boolean", help: "do not create a new session keyring for the container" },
  "preserve-fds": {
    kind: "text",
    placeholder: "N",
    help: "pass N additional file descriptors to the container (LISTEN_FDS+N in total)",
  },
} as const;

/** The options of the runtime that the flags stand for. */
export function createOptions(
  container: { readonly id: string; readonly attendance: Attendance },
  flags: FlagValues<typeof createFlags>,
  environment: OciEnvironment,
): Omit<CreateOptions, "root"> {
  const { cwd } = environment;
  const socket = flags["console-socket"];
  const pidfdSocket = flags["pidfd-socket"];
  const pidFile = flags["pid-file"];
  return {
    ...container,
    bundle: resolve(cwd, flags.bundle ?? "."),
    ...(environment.groups && { groups: environment.groups }),
    noPivot: flags["no-pivot"],
    noNewKeyring: flags["no-new-keyring"],
    preserveFds: passedDescriptors(wholeNumber(flags["preserve-fds"], "preserve-fds") ?? 0, environment),
    notifySocket: notifySocket(environment),
    ...(socket !== undefined && { console: { kind: "socket", path: resolve(cwd, socket) } as const }),
    ...(pidfdSocket !== undefined && { pidfdSocket: resolve(cwd, pidfdSocket) }),
    ...(pidFile !== undefined && { pidFile: resolve(cwd, pidFile) }),
  };
}
