import type { CliContext, TerminalSize } from "../context.ts";

/**
 * Keeps the terminal of a container, or of a program in it, as large as the caller's.
 *
 * @param options.resize asks for a size
 * @param options.nudge change the size back and forth first: full-screen programs then draw themselves anew
 * @returns a function that ends it
 */
export function followTerminalSize(
  { terminal }: CliContext,
  options: { readonly resize: (size: TerminalSize) => Promise<void>; readonly nudge: boolean },
): () => void {
  if (!terminal.stdout) return () => {};
  // A program that has just ended has no terminal to resize, which is no failure of the command.
  const resize = async (more: number) => {
    const size = terminal.size();
    if (size === undefined) return;
    await options.resize({ height: size.height + more, width: size.width + more }).catch(() => undefined);
  };
  void (options.nudge ? resize(1).then(() => resize(0)) : resize(0));
  return terminal.onResize(() => void resize(0));
}
