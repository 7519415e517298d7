import type { TestTerminal } from "./terminal.ts";

/** A command of a page and what it prints. */
export type Step = {
  /** What the shell shows before it: `# ` on the host, `/ # ` in a container. */
  readonly prompt: string;
  readonly command: string;
  /** `...` stands for any text, alone on its line for any lines. */
  readonly output: readonly string[];
};

/** A block of a page that shows a terminal: ```` ```console WORDS ````. */
export type Block = { readonly words: readonly string[]; readonly steps: readonly Step[] };

/** The blocks of a page in Markdown that show a terminal, in order. */
export function consoleBlocks(page: string): Block[] {
  return [...page.matchAll(/^```console *([^\n]*)\n(.*?)^```$/gms)].map(([, words = "", text = ""]) => ({
    words: words.split(" ").filter((word) => word !== ""),
    steps: parseSteps(text.trimEnd().split("\n")),
  }));
}

function parseSteps(lines: readonly string[]): Step[] {
  const steps: { prompt: string; command: string; output: string[] }[] = [];
  for (const line of lines) {
    const [, prompt, command] = /^((?:\/ )?# )(.*)$/.exec(line) ?? [];
    if (prompt !== undefined && command !== undefined) steps.push({ prompt, command, output: [] });
    else steps.at(-1)?.output.push(line);
  }
  return steps;
}

/** Whether the lines that a command printed are what the page shows. */
export function agrees({ output }: Step, lines: readonly string[]): boolean {
  const pattern = output.map((line) =>
    line === "..." ? "(?:.*\n)*" : `${line.split("...").map(RegExp.escape).join(".*")}\n`,
  );
  return new RegExp(`^${pattern.join("")}$`).test(lines.map((line) => `${line}\n`).join(""));
}

/** Types a step at a terminal where a shell waits, and returns the lines that it printed when a shell waits again. */
export async function perform(terminal: TestTerminal, { prompt, command }: Step): Promise<string[]> {
  const before = await terminal.lines();
  const start = before.length - 1;
  if (`${before[start]} ` !== prompt)
    throw new Error(`cannot type "${command}": no prompt "${prompt}"\n${before.join("\n")}`);
  await terminal.enter(command);
  await terminal.satisfies((lines) => lines.length - 1 > start && /^(\/ )?#$/.test(lines.at(-1) ?? ""));
  return (await terminal.lines()).slice(start + 1, -1);
}
