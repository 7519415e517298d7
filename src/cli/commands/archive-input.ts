import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { reasonOf, TugError } from "../../base/index.ts";
import type { CliContext } from "../context.ts";
import { cliError } from "../errors.ts";

export type ArchiveInput = {
  readonly context: CliContext;
  /** Undefined or `-` for stdin. */
  readonly file: string | undefined;
  /** What the archive is for, and what to do instead, in the sentence that refuses a terminal. */
  readonly verb: "import" | "load" | "read a secret" | "read a config";
  readonly instead: string;
  /** Reads a directory as an archive; left out: it is refused. */
  readonly readDirectory?: (path: string) => Promise<AsyncIterable<Uint8Array>>;
};

/** How much of a file is read at once, in bytes. */
const PIECE = 256 * 1024;

/**
 * Opens an archive: a file or a pipe with a name, or stdin.
 *
 * @throws CLI_USAGE for a terminal, CLI_FILE, and what `readDirectory` throws
 */
export async function openArchive(input: ArchiveInput): Promise<AsyncIterable<Uint8Array>> {
  const { context, file, verb, instead, readDirectory } = input;
  if (file === undefined || file === "-") {
    if (!context.terminal.stdin) return context.stdin;
    throw cliError("USAGE", `cannot ${verb} from a terminal: an archive is not text`, { hint: instead });
  }
  const path = resolve(context.cwd, file);
  try {
    if (!(await stat(path)).isDirectory()) return createReadStream(path, { highWaterMark: PIECE });
    if (readDirectory !== undefined) return await readDirectory(path);
  } catch (cause) {
    if (cause instanceof TugError) throw cause;
    throw cliError("FILE", `cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
  throw cliError("FILE", `cannot read ${path}: it is no file`);
}
