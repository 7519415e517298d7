import { killContainer, signalNumber } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";

/** Sends a signal to a container. */
export const kill = ociCommand({
  name: "kill",
  summary: "send a signal (default: SIGTERM) to the container's init process",
  usage: "<container-id> [signal]",
  args: [1, 2],
  flags: {
    all: { kind: "boolean", short: "a", help: "send the signal to all processes inside the container" },
  },
  isPlanned: true,
  async action({ flags, args: [id = "", signal = "SIGTERM"] }, environment) {
    await killContainer(await environment.runtime(), id, { signal: signalNumber(signal), all: flags.all });
    return 0;
  },
});
