import type { CliContext } from "../context.ts";
import { cliError } from "../errors.ts";
import { write } from "../write.ts";

/** The longest line that a person can mean, in bytes. */
const MAX_LINE = 64 * 1024;

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const BACKSPACE = [0x08, 0x7f];
const CTRL_U = 0x15;
const LINE_ENDS = [0x0a, 0x0d];

/** Asks for a line at the terminal, which the terminal shows as it is typed. */
export async function promptLine(context: CliContext, question: string): Promise<string> {
  await write(context.stderr, question);
  const bytes: number[] = [];
  await readKeys(context, (byte) => {
    if (LINE_ENDS.includes(byte)) return true;
    bytes.push(byte);
    return false;
  });
  return Buffer.from(bytes).toString().trim();
}

/** Asks a question that only "y" or "yes" answers with yes; an input that is no terminal may answer too. */
export async function confirm(context: CliContext, question: string): Promise<boolean> {
  return /^y(es)?$/i.test(await promptLine(context, `${question} [y/N] `));
}

/** Asks for what nobody shall see. @throws CLI_FAILED when the user gives up with Ctrl-C */
export async function promptSecret(context: CliContext, question: string): Promise<string> {
  await write(context.stderr, question);
  context.terminal.setRawMode(true);
  let bytes: number[] = [];
  try {
    await readKeys(context, (byte) => {
      if (byte === CTRL_C) throw cliError("FAILED", "interrupted", { details: { exitCode: 130 } });
      if (LINE_ENDS.includes(byte) || byte === CTRL_D) return true;
      if (byte === CTRL_U) bytes = [];
      else if (!BACKSPACE.includes(byte)) bytes.push(byte);
      else bytes = bytes.slice(0, startOfLastCharacter(bytes));
      return false;
    });
  } finally {
    context.terminal.setRawMode(false);
    await write(context.stderr, "\n");
  }
  return Buffer.from(bytes).toString();
}

/** Everything on stdin without the end of its last line: a secret that another program gives. */
export async function readSecret({ stdin }: CliContext): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > MAX_LINE) throw tooLong();
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, "");
}

/** Hands over what is typed until `take` has enough; what came beyond that stays to be read. */
async function readKeys({ stdin }: CliContext, take: (byte: number) => boolean): Promise<void> {
  let count = 0;
  for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.from(chunk);
    for (const [index, byte] of bytes.entries()) {
      count += 1;
      if (count > MAX_LINE) throw tooLong();
      if (!take(byte)) continue;
      if (index + 1 < bytes.length) stdin.unshift(bytes.subarray(index + 1));
      return;
    }
  }
}

/** Characters of UTF-8 begin with any byte but 10xxxxxx. */
function startOfLastCharacter(bytes: readonly number[]): number {
  let index = bytes.length - 1;
  while (index > 0 && ((bytes[index] ?? 0) & 0xc0) === 0x80) index -= 1;
  return Math.max(index, 0);
}

function tooLong() {
  return cliError("VALUE", `cannot read the input: it is longer than ${MAX_LINE} bytes`);
}
