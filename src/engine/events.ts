import { EventEmitter, on } from "node:events";

/** Something that happened. `timeNanos` is since 1970. */
export type EngineEvent = {
  readonly type: "container" | "image" | "volume" | "network" | "daemon";
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly timeNanos: bigint;
};

/** What happens in an engine, for whoever listens, and what happened lately. */
export interface EventLog {
  publish(event: Omit<EngineEvent, "timeNanos">): void;
  /** Hears every event from now on until the returned function is called. */
  listen(listener: (event: EngineEvent) => void): () => void;
  /** Past events since a moment, then what comes, up to a moment; milliseconds since 1970. */
  stream(
    range: { readonly since?: number | undefined; readonly until?: number | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<EngineEvent>;
}

/** How many past events are kept for `--since`. */
const KEPT = 1000;

/** An event log in memory. */
export function createEventLog(now: () => number = Date.now): EventLog {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  const past: EngineEvent[] = [];
  let last = 0n;
  return {
    publish(event) {
      const time = BigInt(now()) * 1_000_000n;
      // Two events of one millisecond keep their order.
      last = time > last ? time : last + 1n;
      const full = { ...event, timeNanos: last };
      past.push(full);
      if (past.length > KEPT) past.shift();
      emitter.emit("event", full);
    },
    listen(listener) {
      emitter.on("event", listener);
      return () => void emitter.off("event", listener);
    },
    async *stream({ since, until }, signal) {
      const limit = until === undefined ? undefined : AbortSignal.timeout(Math.max(0, until - now()));
      const ends = limit === undefined ? signal : AbortSignal.any([signal, limit]);
      const coming = ends.aborted ? undefined : on(emitter, "event", { signal: ends });
      if (since !== undefined) {
        const from = BigInt(Math.floor(since)) * 1_000_000n;
        const to = until === undefined ? undefined : BigInt(Math.floor(until)) * 1_000_000n;
        yield* past.filter(({ timeNanos }) => timeNanos >= from && (to === undefined || timeNanos <= to));
      }
      if (coming === undefined) return;
      try {
        for await (const [event] of coming) yield event as EngineEvent;
      } catch (error) {
        if (!ends.aborted) throw error;
      }
    },
  };
}
