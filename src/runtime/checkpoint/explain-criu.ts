import { open } from "node:fs/promises";
import { TugError } from "../../base/index.ts";
import { lifecycleError } from "../errors.ts";
import { type CriuSettings, criuLogs } from "./options.ts";

/** So much of the end of a log is read, and so many of its errors are told. */
const MOST_BYTES = 65_536;
const MOST_LINES = 4;
const MOST_CHARACTERS = 300;

/** Where criu may not raise its own limit of open files it says so and goes on. */
const harmless = / rlimit: /;

/** A failure of criu in its own words, which are in its log; any other error as it is. */
export async function explainCriu(
  error: unknown,
  { work, images }: CriuSettings,
  logFile: string,
): Promise<unknown> {
  if (!(error instanceof TugError) || !["callCriu", "awaitCriu"].includes(String(error.details.op)))
    return error;
  if (error.details.call === "execve") return error;
  const path = `${work ?? images}/${logFile}`;
  const log = await endOf(path);
  const lines = errorLines(log ?? "");
  const words = lines.length === 0 ? error.message : `criu says: ${lines.join("; ")}`;
  const what = logFile === criuLogs.dump ? "dump" : "restore";
  return lifecycleError("CHECKPOINT", `cannot ${what} the container: ${words}`, {
    ...(log !== undefined && { hint: hintOf(words, path) }),
    details: error.details,
    cause: error,
  });
}

/** What to do: of what a kernel has changed, an older criu knows only that it failed. */
export function hintOf(words: string, log: string): string {
  const isUnknown = /Operation not supported/.test(words);
  return `the whole log is ${log}${isUnknown ? "; a new kernel may want a newer criu" : ""}`;
}

/**
 * The first error of a log, which the others mostly follow from, and the last ones, each without its time and number. A
 * container has had a part in the text.
 */
export function errorLines(log: string): string[] {
  const [first, ...others] = log.split("\n").filter((line) => /\bError\b/.test(line) && !harmless.test(line));
  if (first === undefined) return [];
  return [first, ...others.slice(1 - MOST_LINES)]
    .map((line) =>
      line
        .replace(/^.*?\bError\s+(\([^)]*\):\s*)?/, "")
        .replaceAll(/[\x00-\x1f\x7f-\x9f]+/g, " ")
        .trim()
        .slice(0, MOST_CHARACTERS),
    )
    .filter((line) => line !== "");
}

async function endOf(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const begin = Math.max(0, size - MOST_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - begin), 0, size - begin, begin);
    return buffer.toString("utf8", 0, bytesRead);
  } catch {
    return undefined;
  }
}
