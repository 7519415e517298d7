import type { TestEvent } from "node:test/reporters";

/** One skipped test or suite, as a line of JSON in the reporter's output. */
export type Skip = { name: string; file: string; reason: string };

/** A reporter for node --test that writes what was skipped, for a summary after the run. */
export default async function* skipReporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type !== "test:pass" || event.data.skip === undefined) continue;
    const { name, file = "", skip } = event.data;
    const reason = typeof skip === "string" && skip !== "" ? skip : "no reason given";
    yield `${JSON.stringify({ name, file, reason } satisfies Skip)}\n`;
  }
}

/** The skips of a run grouped by reason, as lines to print; none where nothing was skipped. */
export function summarizeSkips(report: string): string[] {
  const skips = report
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Skip);
  const byReason = Map.groupBy(skips, (skip) => skip.reason);
  return [...byReason]
    .sort(([, a], [, b]) => b.length - a.length)
    .flatMap(([reason, group]) => [
      `${group.length} skipped: ${reason}`,
      ...group.slice(0, 3).map((skip) => `    ${skip.name}`),
      ...(group.length > 3 ? [`    and ${group.length - 3} more`] : []),
    ]);
}
