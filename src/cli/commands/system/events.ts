import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { list, single, text } from "../../arguments/option.ts";
import { parseTemplate } from "../../template/parse.ts";
import { renderTemplate } from "../../template/render.ts";
import { readFilter, toFilters } from "../../values/filter.ts";
import { readMoment } from "../../values/moment.ts";
import { write } from "../../write.ts";

export const events = defineCommand({
  path: ["system", "events"],
  aliases: [["events"]],
  summary: "Show what happens, as it happens",
  args: { usage: "", least: 0, most: 0 },
  repeatable: true,
  options: {
    filter: list("NAME=VALUE", "Only what fits, such as type=container or event=die", {
      short: "f",
      read: readFilter,
    }),
    format: text("FORMAT", "json, or a template for each event"),
    since: single("MOMENT", "Begin then: 2026-01-02T15:04:05Z, or 10m ago", { read: readMoment }),
    until: single("MOMENT", "End then", { read: readMoment }),
  },
  examples: [{ line: "tug events --since 1h --until 0s", does: "Show what happened in the last hour" }],
  async run({ options, connect, context, signal }) {
    const { system } = await connect();
    const { format } = options;
    const template = format === undefined || format === "json" ? undefined : parseTemplate(format);
    const now = context.now();
    const happening = system.events({
      since: options.since?.(now),
      until: options.until?.(now),
      filters: toFilters(options.filter),
      signal,
    });
    for await (const event of happening) {
      if (context.stdout.destroyed || context.stdout.errored) break;
      const line = template && renderTemplate(template, event, { fixed: true });
      await write(
        context.stdout,
        `${line ?? (format === "json" ? JSON.stringify(event) : renderEvent(event))}\n`,
      );
    }
    return {};
  },
});

/** `2026-01-02T03:04:05.000000Z container start ID (image=busybox, name=web)` */
function renderEvent({ Type, Action, Actor, time, timeNano }: dockerApi.EventMessage): string {
  // A JavaScript number of nanoseconds since 1970 is right to the microsecond.
  const micros = String(Math.max(0, Math.floor((timeNano - time * 1e9) / 1000))).padStart(6, "0");
  const moment = `${new Date(time * 1000).toISOString().slice(0, 19)}.${micros}Z`;
  const attributes = Object.entries(Actor.Attributes).map(([name, value]) => `${name}=${value}`);
  const suffix = attributes.length === 0 ? "" : ` (${attributes.toSorted().join(", ")})`;
  return `${moment} ${Type} ${Action} ${Actor.ID}${suffix}`;
}
