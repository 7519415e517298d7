import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger as logger } from "../base/index.ts";
import { createEventLog, type EngineEvent } from "./events.ts";
import { openJournal } from "./journal.ts";

const event = (action: string) => ({
  type: "container" as const,
  action,
  id: "a",
  attributes: { name: "web" },
});

async function collect(
  log: ReturnType<typeof createEventLog>,
  range: { since?: number; until?: number },
): Promise<EngineEvent[]> {
  const found: EngineEvent[] = [];
  for await (const one of log.stream(range, new AbortController().signal)) found.push(one);
  return found;
}

test("events outlive the process that published them", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tug-"));
  try {
    const first = openJournal(join(directory, "journal.db"));
    createEventLog({ logger, journal: first, now: () => 5000 }).publish(event("start"));
    first.close();
    using second = openJournal(join(directory, "journal.db"));
    // The clock was set back meanwhile.
    const log = createEventLog({ logger, journal: second, now: () => 4000 });
    log.publish(event("die"));
    const found = await collect(log, { since: 0, until: 4000 });
    assert.deepEqual(found, [], "nothing happened before then");
    const all = await collect(createEventLog({ logger, journal: second, now: () => 9000 }), {
      since: 5000,
      until: 9000,
    });
    assert.deepEqual(
      all.map(({ action, timeNanos }) => [action, timeNanos]),
      [
        ["start", 5_000_000_000n],
        ["die", 5_000_000_001n],
      ],
    );
    assert.deepEqual(all[0]?.attributes, { name: "web" });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("the past is bounded", async () => {
  using journal = openJournal(":memory:");
  let time = 0;
  const log = createEventLog({ logger, journal, now: () => ++time, kept: 20 });
  for (let index = 0; index < 1000; index += 1) log.publish(event(String(index)));
  const kept = await collect(log, { since: 0, until: 0 });
  assert.equal(kept.length, 0);
  const all = await collect(log, { since: 0, until: time });
  assert.ok(all.length >= 20 && all.length <= 22, String(all.length));
  assert.equal(all.at(-1)?.action, "999");
});

test("who listens hears the past once, then what comes, until its end", async () => {
  using journal = openJournal(":memory:");
  const log = createEventLog({ logger, journal });
  log.publish(event("create"));
  const stop = new AbortController();
  const heard: string[] = [];
  for await (const { action } of log.stream({ since: 0 }, stop.signal)) {
    heard.push(action);
    if (action === "create") log.publish(event("start"));
    if (action === "start") stop.abort();
  }
  assert.deepEqual(heard, ["create", "start"]);
});
