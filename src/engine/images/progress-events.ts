/** Steps of work that are kept for a slow reader; newer ones of the same work replace what is not read in time. */
const MOST = 1000;

/**
 * Work that reports steps by calling back, as a stream of the steps; what the work gives is the generator's return
 * value, what it throws the generator throws after the last step.
 */
export async function* eventsOf<E, T>(
  start: (report: (event: E) => void) => Promise<T>,
): AsyncGenerator<E, T> {
  const waiting: E[] = [];
  let wake: () => void = () => undefined;
  let ended = false;
  const work = start((event) => {
    if (waiting.length < MOST) waiting.push(event);
    wake();
  });
  work
    .catch(() => undefined)
    .finally(() => {
      ended = true;
      wake();
    });
  for (;;) {
    while (waiting.length > 0) yield waiting.shift() as E;
    if (ended) return await work;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}
