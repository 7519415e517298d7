/** Work that goes on after whoever caused it has an answer. */
export type Background = {
  /** Starts work. It never rejects. */
  run(work: () => Promise<void>): Promise<void>;
  /** Resolves when nothing is under way that was when it was called. */
  settled(): Promise<void>;
};

export function createBackground(): Background {
  const under = new Set<Promise<void>>();
  return {
    run(work) {
      const running = work().finally(() => under.delete(running));
      under.add(running);
      return running;
    },
    async settled() {
      await Promise.allSettled(under);
    },
  };
}
