import type { Client } from "../../api/docker/client/index.ts";
import type { CliContext } from "../context.ts";

/**
 * Keeps the terminal of a container as large as the caller's.
 *
 * @param options.nudge change the size back and forth first: full-screen programs then draw themselves anew
 * @returns a function that ends it
 */
export function followTerminalSize(
  context: CliContext,
  client: Client,
  options: { readonly container: string; readonly nudge: boolean },
): () => void {
  const { terminal } = context;
  if (!terminal.stdout) return () => {};
  // A container that has just ended has no terminal to resize, which is no failure of the command.
  const resize = async (more: number) => {
    const size = terminal.size();
    if (size === undefined) return;
    const wanted = { height: size.height + more, width: size.width + more };
    await client.containers.resize(options.container, wanted).catch(() => undefined);
  };
  void (options.nudge ? resize(1).then(() => resize(0)) : resize(0));
  return terminal.onResize(() => void resize(0));
}
