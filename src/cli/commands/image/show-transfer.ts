import type { dockerApi } from "../../../specs/index.ts";
import type { CliContext } from "../../context.ts";
import { displayProgress } from "../../progress/display.ts";

/** Waits for the end of a pull or push and shows its progress unless it shall be quiet. */
export async function showTransfer(
  messages: AsyncIterable<dockerApi.ProgressMessage>,
  quiet: boolean,
  { stdout, terminal }: CliContext,
): Promise<void> {
  if (quiet) for await (const _ of messages);
  else {
    const width = terminal.size()?.width ?? 80;
    await displayProgress(messages, stdout, { terminal: terminal.stdout, width });
  }
}
