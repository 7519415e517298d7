/** Runs work when there is room for it, in the order asked. Giving up by the signal costs the others nothing. */
export type Limiter = <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** At most `count` works at a time. */
export function createLimiter(count: number): Limiter {
  let free = count;
  const waiting: (() => void)[] = [];
  const enter = (signal: AbortSignal | undefined) =>
    new Promise<void>((resolve, reject) => {
      signal?.throwIfAborted();
      if (free > 0) {
        free -= 1;
        resolve();
        return;
      }
      const giveUp = () => {
        waiting.splice(waiting.indexOf(begin), 1);
        reject(signal?.reason);
      };
      const begin = () => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      };
      waiting.push(begin);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async (work, signal) => {
    await enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
