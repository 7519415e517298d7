import { EventEmitter, on } from "node:events";
import { type Database, type Logger, messageOf } from "../base/index.ts";

/** Something that happened. `timeNanos` is since 1970. */
export type EngineEvent = {
  readonly type: "container" | "image" | "volume" | "network" | "daemon";
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly timeNanos: bigint;
};

/** What happens in an engine, for whoever listens, and what happened before. */
export interface EventLog {
  publish(event: Omit<EngineEvent, "timeNanos">): void;
  /**
   * Publishes what may have been published by an engine that died right then: not again if it was, at that moment or
   * later; milliseconds since 1970. Of moments that the past does not reach back to all has been published.
   */
  publishOnce(event: Omit<EngineEvent, "timeNanos">, since: number): void;
  /** Hears every event from now on until the returned function is called. */
  listen(listener: (event: EngineEvent) => void): () => void;
  /** Past events since a moment, then what comes, up to a moment; milliseconds since 1970. */
  stream(
    range: { readonly since?: number | undefined; readonly until?: number | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<EngineEvent>;
}

export type EventLogOptions = {
  /** See journal.ts: its table `events` keeps the past. */
  readonly journal: Database;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** The most past events that are kept, give or take a tenth. */
  readonly kept?: number;
};

/** How many past events are kept for `--since`. */
const KEPT = 20_000;

/** The longest that a timer of Node waits, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** An event log whose past outlives the engine. */
export function createEventLog(options: EventLogOptions): EventLog {
  const { journal, logger, now = Date.now, kept = KEPT } = options;
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  const table = eventTable(journal, kept);
  let last = table.newest();
  const publish = (event: Omit<EngineEvent, "timeNanos">): void => {
    const time = BigInt(now()) * 1_000_000n;
    // The time is the key: two events of one millisecond keep their order, and so do those of a clock that was set back.
    last = time > last ? time : last + 1n;
    const full = { ...event, timeNanos: last };
    try {
      table.add(full);
    } catch (error) {
      // What has happened has happened, also on a full disk: who listens must hear of it.
      logger.log("error", "events.lost", { action: event.action, id: event.id, reason: messageOf(error) });
    }
    emitter.emit("event", full);
  };
  return {
    publish,
    publishOnce(event, since) {
      if (!table.has(event.id, event.action, since)) publish(event);
    },
    listen(listener) {
      emitter.on("event", listener);
      return () => void emitter.off("event", listener);
    },
    async *stream({ since, until }, signal) {
      const wait = until === undefined ? undefined : Math.min(Math.max(0, until - now()), LONGEST_TIMER);
      const ends = wait === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(wait)]);
      const coming = ends.aborted || wait === 0 ? undefined : on(emitter, "event", { signal: ends });
      if (since !== undefined) yield* table.between(since, until);
      if (coming === undefined) return;
      try {
        for await (const [event] of coming) yield event as EngineEvent;
      } catch (error) {
        if (!ends.aborted) throw error;
      }
    },
  };
}

type Row = { time: bigint; type: EngineEvent["type"]; action: string; object: string; attributes: string };

function eventTable({ sql }: Database, kept: number) {
  const insert = sql.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?)");
  const range = sql.prepare("SELECT * FROM events WHERE time >= ? AND time <= ? ORDER BY time");
  const newest = sql.prepare("SELECT max(time) AS time FROM events");
  const oldest = sql.prepare("SELECT min(time) AS time FROM events");
  const count = sql.prepare("SELECT count(*) AS count FROM events");
  const trim = sql.prepare(
    "DELETE FROM events WHERE time < (SELECT time FROM events ORDER BY time DESC LIMIT 1 OFFSET ?)",
  );
  const one = sql.prepare("SELECT 1 FROM events WHERE object = ? AND action = ? AND time >= ? LIMIT 1");
  range.setReadBigInts(true);
  newest.setReadBigInts(true);
  oldest.setReadBigInts(true);
  let added = Number(count.get()?.count ?? 0);
  return {
    add({ timeNanos, type, action, id, attributes }: EngineEvent): void {
      insert.run(timeNanos, type, action, id, JSON.stringify(attributes));
      added += 1;
      if (added < kept * 1.1) return;
      trim.run(kept - 1);
      added = kept;
    },
    newest: (): bigint => (newest.get() as { time: bigint | null }).time ?? 0n,
    has(id: string, action: string, since: number): boolean {
      if (one.get(id, action, nanos(since)) !== undefined) return true;
      // What is older has been trimmed away: it is taken as having been here.
      if (added < kept) return false;
      const { time } = oldest.get() as { time: bigint | null };
      return time !== null && nanos(since) < time;
    },
    /** Bounds in milliseconds. */
    between: (from: number, to: number | undefined): EngineEvent[] =>
      range.all(nanos(from), to === undefined ? 2n ** 63n - 1n : nanos(to)).map((row) => toEvent(row as Row)),
  };
}

function nanos(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000)) * 1000n;
}

function toEvent({ time, type, action, object, attributes }: Row): EngineEvent {
  return {
    type,
    action,
    id: object,
    attributes: JSON.parse(attributes) as EngineEvent["attributes"],
    timeNanos: time,
  };
}
