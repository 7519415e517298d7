/**
 * Waits for the first item of a stream, so that a failure before it can still become the status of the answer.
 *
 * @returns the same stream, from the beginning
 */
export async function started<T>(source: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  return resume(first, iterator);
}

async function* resume<T>(first: IteratorResult<T>, iterator: AsyncIterator<T>): AsyncGenerator<T> {
  let result = first;
  try {
    while (!result.done) {
      yield result.value;
      result = await iterator.next();
    }
  } finally {
    if (!result.done) await iterator.return?.();
  }
}

/** A stream with one item that comes later. */
export async function* later<T>(item: Promise<T>): AsyncGenerator<T> {
  yield await item;
}

/** A stream of the results of a function, for items that have one. */
export async function* mapPieces<T, R>(
  source: AsyncIterable<T>,
  map: (item: T) => R | undefined,
): AsyncGenerator<R> {
  for await (const item of source) {
    const mapped = map(item);
    if (mapped !== undefined) yield mapped;
  }
}
