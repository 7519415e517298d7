import type { TestTerminal } from "../../e2e/harness/index.ts";
import { until } from "../../privileged/harness/until.ts";

/** Waits until the shell at a terminal finds it to have a size: callers tell it once the program runs. */
export async function hasSize(terminal: TestTerminal, size: `${number} ${number}`): Promise<void> {
  await until(`the size is ${size}`, async () => {
    await terminal.enter("stty size");
    await terminal.endsWith(/^\/ #$/);
    return (await terminal.lines()).includes(size);
  });
}
