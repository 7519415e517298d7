/** What `createKeyedMutex` makes. */
type KeyedMutex = { run<T>(key: string, work: () => Promise<T>): Promise<T> };

/**
 * Waits for the turn on a key and returns the function that ends it. Giving up by the signal costs the others
 * nothing: the place in the queue passes on.
 */
export function acquireTurn(mutex: KeyedMutex, key: string, signal?: AbortSignal): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal?.reason);
    if (signal?.aborted) return giveUp();
    signal?.addEventListener("abort", giveUp, { once: true });
    void mutex.run(
      key,
      () =>
        new Promise<void>((release) => {
          signal?.removeEventListener("abort", giveUp);
          if (signal?.aborted) release();
          else resolve(release);
        }),
    );
  });
}
