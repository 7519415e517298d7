/** Runs work one at a time, in the order asked. */
export type Mutex = { run<T>(work: () => Promise<T>): Promise<T> };

/** A mutex for callers in this process. */
export function createMutex(): Mutex {
  let tail: Promise<unknown> = Promise.resolve();
  return {
    run(work) {
      const result = tail.then(work, work);
      tail = result.catch(() => undefined);
      return result;
    },
  };
}

/** One mutex per key; a key that nobody waits for takes no memory. */
export function createKeyedMutex(): { run<T>(key: string, work: () => Promise<T>): Promise<T> } {
  const entries = new Map<string, { mutex: Mutex; users: number }>();
  return {
    async run(key, work) {
      const entry = entries.get(key) ?? { mutex: createMutex(), users: 0 };
      entries.set(key, entry);
      entry.users += 1;
      try {
        return await entry.mutex.run(work);
      } finally {
        entry.users -= 1;
        if (entry.users === 0) entries.delete(key);
      }
    },
  };
}
