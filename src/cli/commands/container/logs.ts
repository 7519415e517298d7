import { drained } from "../../../base/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, single } from "../../arguments/option.ts";
import { readMoment } from "../../values/moment.ts";
import { badValue } from "../../values/words.ts";

export const logs = defineCommand({
  path: ["container", "logs"],
  aliases: [["logs"]],
  summary: "Show what containers have written",
  args: { usage: "CONTAINER", least: 1, most: 1, completes: "containers" },
  repeatable: true,
  options: {
    follow: flag("Go on with what comes", { short: "f" }),
    since: single("MOMENT", "Only what was written since then: 2026-01-02T15:04:05Z, or 10m ago", {
      read: readMoment,
    }),
    tail: single("NUMBER", "Only so many last lines, or all", { short: "n", read: readTail }),
    timestamps: flag("Show when each line was written", { short: "t" }),
    until: single("MOMENT", "Only what was written before then", { read: readMoment }),
  },
  examples: [
    { line: "tug logs -f --tail 10 web", does: "Watch a container, beginning with the last ten lines" },
  ],
  async run({ options, args: [name = ""], connect, context, signal }) {
    const client = await connect();
    const now = context.now();
    const chunks = client.containers.logs(name, {
      follow: options.follow,
      timestamps: options.timestamps,
      tail: options.tail,
      since: options.since?.(now),
      until: options.until?.(now),
      signal,
    });
    for await (const { stream, data } of chunks) {
      const target = stream === "stderr" ? context.stderr : context.stdout;
      if (target.destroyed || target.errored) break;
      if (!target.write(data)) await drained(target);
    }
    return {};
  },
});

function readTail(text: string): string {
  if (text === "all" || /^\d{1,15}$/.test(text)) return text;
  // Docker takes any negative number as all.
  if (/^-\d{1,15}$/.test(text)) return "all";
  throw badValue("it is neither a number nor all");
}
