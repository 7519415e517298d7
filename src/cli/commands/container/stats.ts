import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../../api/docker/client/index.ts";
import { TugError } from "../../../base/index.ts";
import { defineCommand, type Invocation, type Outcome } from "../../arguments/command.ts";
import { flag, text, type ValuesOf } from "../../arguments/option.ts";
import type { CliContext } from "../../context.ts";
import { renderRows } from "../../table/rows.ts";
import { write } from "../../write.ts";
import { type StatsRow, statsColumns } from "./stats-columns.ts";
import { type StatsWatch, watchStats } from "./stats-watch.ts";

const TABLE =
  "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}";

/** Between two tables, in milliseconds. */
const INTERVAL = 500;

/** Back to the first line and column, and everything after it away. */
const CLEAR = "\x1b[H\x1b[J";

const options = {
  all: flag("Those that do not run too", { short: "a" }),
  format: text("FORMAT", "table, json, a template, or table and a template"),
  "no-stream": flag("Look once"),
  "no-trunc": flag("Do not shorten anything"),
} as const;

export const stats = defineCommand({
  path: ["container", "stats"],
  aliases: [["stats"]],
  summary: "Show what containers use, every half second",
  args: { usage: "[CONTAINER...]", least: 0, completes: "running" },
  options,
  examples: [
    { line: "tug stats --no-stream", does: "Look once at what all running containers use" },
    { line: "tug stats --format '{{.Name}}: {{.CPUPerc}}' web", does: "Watch one figure of one container" },
  ],
  run: showStats,
});

async function showStats(invocation: Invocation<ValuesOf<typeof options>>): Promise<Outcome> {
  const { options: values, args, context, signal } = invocation;
  const client = await invocation.connect();
  const columns = statsColumns(values["no-trunc"]);
  const render = (rows: readonly StatsRow[]): string =>
    renderRows<StatsRow>(rows, columns, { format: values.format, table: TABLE });
  if (values["no-stream"]) return { output: render(await lookOnce(client, args, values.all)) };
  const everything = args.length === 0;
  const watch = watchStats(client, { onlyRunning: everything && !values.all, signal });
  // Before looking at what is there, so that nothing is missed in between.
  const following = everything ? [followStarts(client, watch, { all: values.all, signal })] : [];
  const ended = Promise.race([watch.failed, ...following]);
  ended.catch(() => undefined);
  for (const { container, id, name } of await chosen(client, args, values.all)) {
    watch.add(container, id, name);
  }
  await Promise.race([ended, redraw({ context, watch, render, endless: everything, signal })]);
  return {};
}

type Chosen = { readonly container: string; readonly id: string; readonly name: string };

/** The named containers, or all running ones. */
async function chosen(client: Client, names: readonly string[], all: boolean): Promise<Chosen[]> {
  if (names.length === 0) {
    const listed = await client.containers.list({ all });
    return listed.map(({ Id, Names }) => ({
      container: Id.slice(0, 12),
      id: Id,
      name: (Names[0] ?? "").replace(/^\//, ""),
    }));
  }
  const inspected = names.map(async (container) => {
    const { Id, Name } = await client.containers.inspect(container);
    return { container, id: Id, name: Name.replace(/^\//, "") };
  });
  return Promise.all(inspected);
}

async function lookOnce(client: Client, names: readonly string[], all: boolean): Promise<StatsRow[]> {
  const rows = (await chosen(client, names, all)).map(async (row): Promise<StatsRow[]> => {
    try {
      for await (const stats of client.containers.stats(row.id, { stream: false }))
        return [{ ...row, stats }];
    } catch (error) {
      // One that nobody has named may be removed meanwhile.
      if (names.length > 0 || !(error instanceof TugError && error.kind === "notFound")) throw error;
    }
    return [];
  });
  return (await Promise.all(rows)).flat();
}

/** Adds containers as they begin to run, or with `all` as they are made. Ends with the connection. */
async function followStarts(
  client: Client,
  watch: StatsWatch,
  { all, signal }: { all: boolean; signal: AbortSignal },
): Promise<void> {
  const filters = new Map([
    ["type", ["container"]],
    ["event", all ? ["create"] : ["start"]],
  ]);
  for await (const { Actor } of client.system.events({ filters, signal })) {
    watch.add(Actor.ID.slice(0, 12), Actor.ID, Actor.Attributes.name ?? "");
  }
}

type Redraw = {
  readonly context: CliContext;
  readonly watch: StatsWatch;
  readonly render: (rows: readonly StatsRow[]) => string;
  /** Go on although there is no container left. */
  readonly endless: boolean;
  readonly signal: AbortSignal;
};

/** Prints the table again and again, on a terminal in the same place. */
async function redraw({ context, watch, render, endless, signal }: Redraw): Promise<void> {
  const { stdout, terminal } = context;
  for (;;) {
    const rows = watch.rows();
    if (rows.length === 0 && !endless) return;
    if (stdout.destroyed || stdout.errored) return;
    await write(stdout, `${terminal.stdout ? CLEAR : ""}${render(rows)}`);
    await sleep(INTERVAL, undefined, { signal });
  }
}
