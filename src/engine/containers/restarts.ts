import { rmSync, writeFileSync } from "node:fs";

/** Starts containers again when their pauses are over. */
export interface Restarts {
  /** Starts a container at a moment, in milliseconds since 1970; what was scheduled before for it is forgotten. */
  schedule(id: string, at: number): void;
  /** Forgets what was scheduled for a container. */
  cancel(id: string): void;
  /** Replaces what a predecessor has said about whether an engine is wanted. */
  renew(): void;
  /** Starts nothing any more; that an engine is wanted stays on record. */
  close(): void;
}

/** After a boot every container wants to be started at once; so many are. */
const PARALLEL = 8;

/**
 * @param start starts one container; its failures are its own matter
 * @param wantedFile is there while something is scheduled or being started: docs/monitor-protocol.md, "Coming back"
 */
export function createRestarts(start: (id: string) => Promise<void>, wantedFile: string): Restarts {
  const timers = new Map<string, NodeJS.Timeout>();
  const due = new Set<string>();
  let running = 0;
  let closed = false;
  const note = (): void => {
    if (closed) return;
    try {
      if (timers.size + due.size + running > 0) writeFileSync(wantedFile, "");
      else rmSync(wantedFile, { force: true });
    } catch {
      // A full disk: it matters only if this process dies before the restart.
    }
  };
  const next = (): void => {
    const [id] = due;
    if (id === undefined || running >= PARALLEL) return;
    due.delete(id);
    running += 1;
    void start(id).finally(() => {
      running -= 1;
      note();
      next();
    });
    next();
  };
  const forget = (id: string): void => {
    clearTimeout(timers.get(id));
    timers.delete(id);
    due.delete(id);
  };
  return {
    cancel(id) {
      if (!timers.has(id) && !due.has(id)) return;
      forget(id);
      note();
    },
    schedule(id, at) {
      forget(id);
      const timer = setTimeout(
        () => {
          timers.delete(id);
          due.add(id);
          next();
        },
        Math.max(0, at - Date.now()),
      );
      timers.set(id, timer);
      note();
    },
    renew() {
      // Whoever waits for this engine looks at the file itself, not at its name.
      rmSync(wantedFile, { force: true });
      note();
    },
    close() {
      closed = true;
      for (const id of [...timers.keys(), ...due]) forget(id);
    },
  };
}
