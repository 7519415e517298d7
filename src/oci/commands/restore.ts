import { deleteContainer, restoreContainer } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";
import { createFlags, createOptions } from "./create-flags.ts";
import { criuFlags, criuSettings } from "./criu-flags.ts";
import { readSpec } from "./read-spec.ts";
import { exitCode } from "./run.ts";

const { bundle, "console-socket": consoleSocket, "pid-file": pidFile, "no-pivot": noPivot } = createFlags;

/** Has criu make a container from files of checkpoint; unless detached, also waits for its end and deletes it. */
export const restore = ociCommand({
  name: "restore",
  summary: "restore a container from a checkpoint",
  usage: "<container-id>",
  args: [1, 1],
  flags: {
    bundle,
    "console-socket": consoleSocket,
    "pid-file": pidFile,
    "no-pivot": noPivot,
    detach: { kind: "boolean", short: "d", help: "detach from the container's process" },
    "no-subreaper": { kind: "boolean", help: "accepted for compatibility: nothing is made a subreaper" },
    ...criuFlags,
    "lsm-profile": {
      kind: "text",
      placeholder: "type:name",
      help: "profile of a security module to restore with",
    },
    "lsm-mount-context": { kind: "text", placeholder: "context", help: "label for mounts of the container" },
  },
  async action({ flags, args: [id = ""] }, environment) {
    const attendance = flags.detach ? "detach" : "foreground";
    const none = { config: undefined, "pidfd-socket": undefined, "preserve-fds": undefined } as const;
    const made = { ...flags, ...none, "no-new-keyring": false };
    const base = createOptions({ id, attendance }, made, environment);
    const spec = await readSpec(base.bundle, undefined, environment);
    const own = spec.process.terminal === true && !flags.detach && base.console === undefined;
    const options = own ? { ...base, console: { kind: "own" } as const } : base;
    const context = await environment.runtime();
    const { waitStatus } = await restoreContainer(context, spec, {
      ...options,
      settings: {
        ...criuSettings(flags, environment),
        lsmProfile: flags["lsm-profile"],
        lsmMountContext: flags["lsm-mount-context"],
      },
    });
    if (flags.detach || waitStatus === undefined) return 0;
    await deleteContainer(context, id, true);
    return exitCode(waitStatus);
  },
});
