import type { Process } from "../../specs/oci-runtime/index.ts";
import { lifecycleError } from "../errors.ts";
import type { ConsoleTarget } from "../planner/input.ts";

/**
 * Refuses a terminal that nobody would sit at, and a place for one that is not wanted. The wording is what callers of
 * runc know.
 *
 * @param attended whether somebody waits for the process and can lend their own terminal
 * @throws CONTAINER_CONSOLE
 */
export function checkConsole(
  { terminal }: Pick<Process, "terminal">,
  { console, attended }: { console: ConsoleTarget | undefined; attended: boolean },
): void {
  if (terminal && console === undefined && !attended) {
    throw lifecycleError(
      "CONSOLE",
      "cannot allocate tty if runc will detach without setting console socket",
      { hint: "give --console-socket, or set process.terminal to false" },
    );
  }
  if (!terminal && console?.kind === "socket") {
    throw lifecycleError("CONSOLE", "cannot use console socket if runc will not detach or allocate tty", {
      hint: "leave --console-socket out, or set process.terminal to true",
    });
  }
}
