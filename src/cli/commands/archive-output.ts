import { randomBytes } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { drained, reasonOf, TugError } from "../../base/index.ts";
import type { CliContext } from "../context.ts";
import { cliError } from "../errors.ts";

export type ArchiveOutput = {
  readonly context: CliContext;
  /** Undefined for stdout. */
  readonly file: string | undefined;
  /** What the archive is for, in the sentence that refuses a terminal. */
  readonly verb: "export" | "save";
};

/**
 * Writes an archive to a file or to stdout. A file appears under its name when it is complete; nothing half-done stays.
 *
 * @throws CLI_USAGE for a terminal, CLI_FILE
 */
export async function writeArchive(archive: AsyncIterable<Uint8Array>, output: ArchiveOutput): Promise<void> {
  const { context, file, verb } = output;
  if (file !== undefined) return writeFile(archive, resolve(context.cwd, file));
  if (context.terminal.stdout) {
    const hint = "use -o FILE or redirect the output";
    throw cliError("USAGE", `cannot ${verb} to a terminal: an archive is not text`, { hint });
  }
  for await (const chunk of archive) {
    if (context.stdout.destroyed || context.stdout.errored) return;
    if (!context.stdout.write(chunk)) await drained(context.stdout);
  }
}

async function writeFile(archive: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  // A device or a pipe cannot be replaced.
  const special = await stat(path).then(
    (found) => !found.isFile(),
    () => false,
  );
  const target = special ? path : `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    const file = await open(target, special ? "w" : "wx", 0o600);
    try {
      for await (const chunk of archive) await file.appendFile(chunk);
    } finally {
      await file.close();
    }
    if (!special) await rename(target, path);
  } catch (cause) {
    if (!special) await rm(target, { force: true });
    if (cause instanceof TugError) throw cause;
    throw cliError("FILE", `cannot write ${path}: ${reasonOf(cause)}`, { cause });
  }
}
