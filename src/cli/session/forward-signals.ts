import type { Client } from "../../api/docker/client/index.ts";
import type { CliContext } from "../context.ts";

/** So many requests to end in a row mean that passing them on does not help. */
const IMPATIENCE = 3;

const endings = new Set(["SIGINT", "SIGTERM"]);

/**
 * Passes the signals of this process on to a container.
 *
 * @param options.giveUp called when the caller asks to end for the third time
 * @returns a function that ends it
 */
export function forwardSignals(
  context: CliContext,
  client: Client,
  options: { readonly container: string; giveUp(): void },
): () => void {
  let asked = 0;
  return context.signals.catch((name) => {
    if (endings.has(name)) asked += 1;
    if (asked === IMPATIENCE) options.giveUp();
    // A container that has just ended cannot be signalled, which is no failure of the command.
    client.containers.kill(options.container, name).catch(() => undefined);
  });
}
