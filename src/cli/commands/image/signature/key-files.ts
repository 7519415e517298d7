import { resolve } from "node:path";
import { readSmallBytes, reasonOf } from "../../../../base/index.ts";
import { maxKeyFile } from "../../../../signatures/index.ts";
import { text } from "../../../arguments/option.ts";
import type { CliContext } from "../../../context.ts";
import { cliError } from "../../../errors.ts";
import { promptSecret, readSecret } from "../../../terminal/prompt.ts";

export const passwordFileOption = text(
  "FILE",
  "Read the password of the private key from a file, or - for stdin",
  {
    completes: "files",
  },
);

/** What is in a small file. @throws CLI_FILE */
export async function readKeyFile(file: string, context: CliContext): Promise<string> {
  return Buffer.from(await readKeyBytes(file, maxKeyFile, context)).toString();
}

/** The same, as bytes. `most` is how many there may be. */
export async function readKeyBytes(file: string, most: number, { cwd }: CliContext): Promise<Uint8Array> {
  const path = resolve(cwd, file);
  try {
    return await readSmallBytes(path, most);
  } catch (cause) {
    throw cliError("FILE", `cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}

export type PasswordRequest = {
  /** The file that an option names. */
  readonly file: string | undefined;
  readonly question: string;
  /** Whether it is a new password, which is asked for twice. */
  readonly isNew?: boolean;
};

/**
 * The password of a private key: from a file, from COSIGN_PASSWORD, or from whoever sits at the terminal.
 * @throws CLI_FILE, CLI_NO_TERMINAL, CLI_VALUE
 */
export async function readPassword(
  { file, question, isNew = false }: PasswordRequest,
  context: CliContext,
): Promise<string> {
  if (file === "-") return await readSecret(context);
  if (file !== undefined) return (await readKeyFile(file, context)).replace(/\r?\n$/, "");
  if (context.env.COSIGN_PASSWORD !== undefined) return context.env.COSIGN_PASSWORD;
  if (!context.terminal.stdin) {
    throw cliError(
      "NO_TERMINAL",
      "cannot ask for the password of the private key: the input is no terminal",
      {
        hint: "use --password-file, or the variable COSIGN_PASSWORD",
      },
    );
  }
  const password = await promptSecret(context, question);
  if (isNew && (await promptSecret(context, `${question.replace(/: $/, "")} again: `)) !== password) {
    throw cliError("VALUE", "cannot use the password: the second one is another");
  }
  return password;
}
