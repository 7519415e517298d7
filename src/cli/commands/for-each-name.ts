import { TugError } from "../../base/index.ts";
import type { Outcome } from "../arguments/command.ts";
import type { CliContext } from "../context.ts";
import { renderFailure } from "../failure.ts";
import { write } from "../write.ts";

/** So many calls are under way at once. */
const PARALLEL = 50;

/**
 * Does something for each of several objects, in parallel, and prints in the order of the names: what it returned to
 * stdout, failures to stderr. One that fails does not stop the others; the exit code is then 1.
 */
export async function forEachName(
  context: CliContext,
  names: readonly string[],
  work: (name: string) => Promise<string>,
): Promise<Outcome> {
  let failed = false;
  for (let at = 0; at < names.length; at += PARALLEL) {
    const batch = names.slice(at, at + PARALLEL).map((name) => work(name));
    for (const result of await Promise.allSettled(batch)) {
      if (result.status === "fulfilled") await write(context.stdout, result.value);
      else {
        if (!(result.reason instanceof TugError)) throw result.reason;
        failed = true;
        await write(context.stderr, renderFailure(result.reason, context));
      }
    }
  }
  return { exitCode: failed ? 1 : 0 };
}
