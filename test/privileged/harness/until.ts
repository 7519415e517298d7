import { setTimeout as sleep } from "node:timers/promises";

/** How long a condition may take to come true, in milliseconds: a test that waits longer hangs. */
const patience = 60_000;

/** Waits until a look at the world finds something, and returns it. */
export async function until<T>(what: string, look: () => T | Promise<T>): Promise<NonNullable<T>> {
  const end = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await sleep(5);
  }
}
