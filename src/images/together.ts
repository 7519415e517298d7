/**
 * Runs works side by side. The first failure stops the others by their signal and is the one that is thrown, once all
 * have ended.
 */
export async function runTogether(
  works: readonly ((signal: AbortSignal) => Promise<unknown>)[],
  outer?: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const signal = outer === undefined ? stop.signal : AbortSignal.any([outer, stop.signal]);
  let first: { error: unknown } | undefined;
  const running = works.map(async (work) => {
    try {
      await work(signal);
    } catch (error) {
      first ??= { error };
      stop.abort(error);
    }
  });
  await Promise.all(running);
  if (first !== undefined) throw first.error;
}
