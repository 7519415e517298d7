import type { Client } from "../../../api/docker/client/index.ts";
import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { choice, flag } from "../../arguments/option.ts";
import type { CliContext } from "../../context.ts";
import { cliError } from "../../errors.ts";
import { humanSize } from "../../table/sizes.ts";
import { showTransfer } from "../image/show-transfer.ts";

export const check = defineCommand({
  path: ["system", "check"],
  aliases: [],
  summary: "Check that images are still what they were",
  args: { usage: "", least: 0, most: 0 },
  options: {
    format: choice("FORMAT", "As lines or as JSON", { words: ["lines", "json"] }),
    quiet: flag("Only what is wrong", { short: "q" }),
    repair: flag("Fetch again what is damaged or missing, unpack layers again, remove leftovers"),
  },
  examples: [
    { line: "tug system check", does: "See whether the disk has kept all images as they were; 1 if not" },
    { line: "tug system check --repair", does: "Put right what can be" },
  ],
  async run({ options, connect, context, signal }) {
    const { format, repair } = options;
    const quiet = options.quiet || format === "json";
    const checked = await runCheck(await connect(), { repair, quiet, context, signal });
    const exitCode = checked.Problems.some(({ Repaired }) => !Repaired) ? 1 : 0;
    if (format === "json") return { output: `${JSON.stringify(checked, null, 4)}\n`, exitCode };
    const found = checked.Problems.flatMap(renderProblem);
    const rest = options.quiet ? [] : summarize(checked);
    return { output: [...found, ...rest].map((line) => `${line}\n`).join(""), exitCode };
  },
});

type Check = {
  readonly repair: boolean;
  readonly quiet: boolean;
  readonly context: CliContext;
  readonly signal: AbortSignal;
};

async function runCheck(
  client: Client,
  { repair, quiet, context, signal }: Check,
): Promise<dockerApi.CheckedAux> {
  let checked: dockerApi.CheckedAux | undefined;
  const messages = async function* () {
    for await (const message of client.system.check({ repair, signal })) {
      if (message.aux !== undefined && "Problems" in message.aux) checked = message.aux;
      yield message;
    }
  };
  await showTransfer(messages(), quiet, context);
  if (checked !== undefined) return checked;
  throw cliError("FAILED", "cannot check the store: the engine did not say what it found");
}

function renderProblem({ Sentence, Repaired, Hint }: dockerApi.CheckProblem): string[] {
  if (Repaired) return [`repaired: ${Sentence}`];
  return [`problem: ${Sentence}`, ...(Hint === undefined ? [] : [`  ${Hint}`])];
}

function summarize(checked: dockerApi.CheckedAux): string[] {
  const { Problems, Blobs, Bytes, Archives, Images, Snapshots, Leftovers } = checked;
  const repaired = Problems.filter(({ Repaired }) => Repaired).length;
  const open = Problems.length - repaired;
  const blobs = `${count(Blobs, "blob")} (${humanSize(Bytes)})`;
  const archives =
    Archives.Count === 0 ? "" : `${count(Archives.Count, "archive")} (${humanSize(Archives.Bytes)}), `;
  const what = `${blobs}, ${archives}${count(Images, "image")}, ${count(Snapshots, "snapshot")} checked`;
  const lines = [`${what}: ${open === 0 ? "nothing is wrong" : `${open} wrong`}`];
  if (repaired > 0) lines.push(`${repaired} repaired`);
  if (Leftovers === undefined) lines.push("leftovers cannot be told while documents are damaged");
  else if (Leftovers.Count > 0) {
    const these = `${Leftovers.Count} that nothing needs (${humanSize(Leftovers.Bytes)})`;
    lines.push(
      Leftovers.Removed ? `removed ${these}` : `${these} would be removed by tug system check --repair`,
    );
  }
  return lines;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
