/** So much of what a runtime says is passed on. */
const MOST = 600;

/** What of control characters, colours among them, could act on a terminal. */
const control = /\x1b\[[0-9;]*[a-zA-Z]|[\x00-\x1f\x7f-\x9f]+/g;

/**
 * What the log of an OCI runtime says went wrong: the last error in it, in one line; empty where it says nothing. A container
 * may have had a part in the text.
 *
 * @param log its end; lines are JSON objects as `--log-format json` has them, or plain text
 */
export function runtimeWords(log: string): string {
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  const entries = lines.map(parseLine);
  const last = entries.findLast(({ level }) => level === "error" || level === "fatal") ?? entries.at(-1);
  const text = (last?.message ?? "").replace(control, " ").replaceAll(/ +/g, " ").trim();
  return text.length > MOST ? `${text.slice(0, MOST)}...` : text;
}

type Entry = { readonly level: string; readonly message: string };

function parseLine(line: string): Entry {
  try {
    const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown };
    if (typeof msg === "string") return { level: String(level), message: msg };
  } catch {
    // Plain text, or a line whose begin was cut off.
  }
  return { level: "", message: line };
}

/**
 * What it means where the program could not be executed in the container, as Docker's engine tells it.
 * Source: https://github.com/moby/moby/blob/docker-v29.7.2/daemon/errors.go translateContainerdStartErr
 */
export function codeOfWords(words: string): "PROGRAM_NOT_FOUND" | "PROGRAM_NOT_EXECUTABLE" | undefined {
  if (!/\bexec(?:utable|ve)?\b/.test(words)) return undefined;
  if (/executable file .*not found|no such file or directory/i.test(words)) return "PROGRAM_NOT_FOUND";
  return /permission denied|is a directory|not executable/i.test(words)
    ? "PROGRAM_NOT_EXECUTABLE"
    : undefined;
}
