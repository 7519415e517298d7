/** A queue that one side fills and the other iterates. */
export type FakeChannel<T> = {
  push(item: T): void;
  end(): void;
  readonly items: AsyncIterable<T>;
  readonly ended: boolean;
};

export function createFakeChannel<T>(): FakeChannel<T> {
  const queue: T[] = [];
  let ended = false;
  let wake = Promise.withResolvers<void>();
  const ring = () => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  return {
    push(item) {
      if (ended) return;
      queue.push(item);
      ring();
    },
    end() {
      ended = true;
      ring();
    },
    get ended() {
      return ended;
    },
    items: {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const woken = wake.promise;
          const item = queue.shift();
          if (item !== undefined) yield item;
          else if (ended) return;
          else await woken;
        }
      },
    },
  };
}
