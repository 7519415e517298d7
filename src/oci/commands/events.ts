import { containerEvents, containerStats } from "../../runtime/index.ts";
import { printJson } from "../../specs/oci-runtime/index.ts";
import { ociCommand } from "../command.ts";
import { duration } from "../durations.ts";

/** Prints what a container uses and when it runs out of memory, a line of JSON each. */
export const events = ociCommand({
  name: "events",
  summary: "display container events such as OOM notifications, cpu, memory, and IO usage statistics",
  usage: "<container-id>",
  args: [1, 1],
  flags: {
    interval: { kind: "text", placeholder: "duration", help: "time between statistics, default: 5s" },
    stats: { kind: "boolean", help: "display the statistics once and exit" },
  },
  async action({ flags, args: [id = ""] }, environment) {
    const interval = duration(flags.interval ?? "5s", "interval");
    const context = await environment.runtime();
    const print = (event: unknown) => environment.stdout(`${printJson(event)}\n`);
    if (flags.stats) print(await containerStats(context, id));
    else
      for await (const event of containerEvents(context, id, { interval, signal: environment.signal }))
        print(event);
    return 0;
  },
});
