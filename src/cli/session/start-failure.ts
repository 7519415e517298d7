import { FOREIGN_CODE } from "../../api/docker/client/index.ts";
import { TugError } from "../../base/index.ts";
import { revise } from "../failure.ts";

/**
 * A failed start with the exit code that says why: 127 when the command was not found, 126 when it cannot be executed,
 * else 125. tug's engine says which; the sentence of another one is read as Docker's client does, by its words.
 */
export function explainStartFailure(error: unknown): unknown {
  if (!(error instanceof TugError) || error.details.exitCode !== undefined) return error;
  if (error.code !== FOREIGN_CODE) return error;
  return revise(error, { details: { exitCode: exitCodeOf(error.message) } });
}

function exitCodeOf(message: string): number {
  if (/executable file not found|no such file or directory/i.test(message)) return 127;
  return /permission denied|is a directory/i.test(message) ? 126 : 125;
}
