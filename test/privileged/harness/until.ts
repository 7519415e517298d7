import { setTimeout as sleep } from "node:timers/promises";

/** How long a condition may take to come true, in milliseconds: a test that waits longer hangs. */
const patience = 60_000;

type Falsy = false | 0 | "" | null | undefined;

/**
 * Waits until a look at the world finds something that is true, and returns it.
 *
 * @param what for the error; a function is asked then, and can tell what was seen last
 */
export async function until<T>(
  what: string | (() => string),
  look: () => T | Falsy | Promise<T | Falsy>,
): Promise<Exclude<T, Falsy>> {
  const end = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found as Exclude<T, Falsy>;
    if (Date.now() > end) {
      throw new Error(`waited in vain until ${typeof what === "string" ? what : what()}`);
    }
    await sleep(5);
  }
}
