import { open } from "node:fs/promises";

/** Why an engine gave up before it answered. */
export type EngineFailure = { readonly reason: string; readonly hint: string | undefined };

/** More of the log than any start writes. */
const MOST = 64 * 1024;

/** Another engine was faster: that one is found. */
const RIVAL = "LOCK_HELD";

/** The length of a log; 0 when there is none. */
export async function logLength(path: string): Promise<number> {
  await using file = await open(path).catch(() => undefined);
  return (await file?.stat())?.size ?? 0;
}

/** What an engine that was started at that length of the log has written there about its end, or undefined. */
export async function findFailure(path: string, offset: number): Promise<EngineFailure | undefined> {
  await using file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST), 0, MOST, offset);
  return buffer.toString("utf8", 0, bytesRead).split("\n").map(failureOf).find(Boolean);
}

function failureOf(line: string): EngineFailure | undefined {
  if (!line.includes('"engine.failed"')) return undefined;
  try {
    const { reason, hint, code } = JSON.parse(line) as Record<string, unknown>;
    if (typeof reason !== "string" || code === RIVAL) return undefined;
    return { reason, hint: typeof hint === "string" ? hint : undefined };
  } catch {
    return undefined;
  }
}
