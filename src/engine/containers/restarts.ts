/** Starts containers again when their pauses are over. */
export interface Restarts {
  /** Starts a container at a moment, in milliseconds since 1970; what was scheduled before for it is forgotten. */
  schedule(id: string, at: number): void;
  /** Forgets what was scheduled for a container. */
  cancel(id: string): void;
  /** Forgets everything. */
  close(): void;
}

/** After a boot every container wants to be started at once; so many are. */
const PARALLEL = 8;

/** @param start starts one container; its failures are its own matter */
export function createRestarts(start: (id: string) => Promise<void>): Restarts {
  const timers = new Map<string, NodeJS.Timeout>();
  const due = new Set<string>();
  let running = 0;
  const next = (): void => {
    const [id] = due;
    if (id === undefined || running >= PARALLEL) return;
    due.delete(id);
    running += 1;
    void start(id).finally(() => {
      running -= 1;
      next();
    });
    next();
  };
  const cancel = (id: string): void => {
    clearTimeout(timers.get(id));
    timers.delete(id);
    due.delete(id);
  };
  return {
    cancel,
    schedule(id, at) {
      cancel(id);
      const timer = setTimeout(
        () => {
          timers.delete(id);
          due.add(id);
          next();
        },
        Math.max(0, at - Date.now()),
      );
      timers.set(id, timer);
    },
    close() {
      for (const id of [...timers.keys(), ...due]) cancel(id);
    },
  };
}
