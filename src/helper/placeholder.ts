import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { startError } from "./helper.ts";

/** A process that does nothing until it is let go. */
export type Placeholder = AsyncDisposable & { readonly pid: number };

/**
 * Starts one: the helper, waiting for a plan that does not come. It ends with this process, too.
 *
 * @param path the program, `tug-helper`
 */
export async function startPlaceholder(path: string): Promise<Placeholder> {
  const channel = 3;
  const child = spawn(path, ["run", String(channel)], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const ended = once(child, "close");
  ended.catch(() => undefined);
  const stream = child.stdio[channel] as unknown as Duplex | undefined;
  if (child.pid === undefined || stream === undefined) {
    await ended.catch((error: unknown) => {
      throw startError(path, error);
    });
    throw startError(path, new Error("it has no process"));
  }
  stream.on("error", () => undefined);
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      stream.destroy();
      await ended;
    },
  };
}
