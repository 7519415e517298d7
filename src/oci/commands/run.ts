import { createContainer } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";
import { createFlags, createOptions } from "./create-flags.ts";
import { readBoth } from "./read-spec.ts";

/** create and start; unless detached, also wait for the end and delete. Exits as the program does. */
export const run = ociCommand({
  name: "run",
  summary: "create and run a container",
  usage: "<container-id>",
  args: [1, 1],
  flags: {
    ...createFlags,
    detach: { kind: "boolean", short: "d", help: "detach from the container's process" },
    keep: { kind: "boolean", help: "do not delete the container after it exits" },
    "no-subreaper": { kind: "boolean", help: "accepted for compatibility: nothing is made a subreaper" },
  },
  isPlanned: true,
  async action({ flags, args: [id = ""] }, environment) {
    const attendance = flags.detach ? "detach" : "foreground";
    const base = { ...createOptions({ id, attendance }, flags, environment), remove: !flags.keep };
    const [spec, context] = await readBoth(base.bundle, flags.config, environment);
    const own = spec.process.terminal === true && !flags.detach && base.console === undefined;
    const options = own ? { ...base, console: { kind: "own" } as const } : base;
    const { waitStatus, digest } = await createContainer(context, spec, options);
    environment.logger.log("debug", "plan.executed", { id, digest });
    return flags.detach || waitStatus === undefined ? 0 : exitCode(waitStatus);
  },
});

/** Of a wait status: the exit code, or 128 and the signal's number. */
export function exitCode(waitStatus: number): number {
  const signal = waitStatus & 0x7f;
  return signal === 0 ? (waitStatus >> 8) & 0xff : 128 + signal;
}
