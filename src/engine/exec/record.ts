import { mkdirSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, type Logger } from "../../base/index.ts";
import type { ExecRequest } from "../model/exec-request.ts";

/**
 * A session as its directory keeps it: written before there is a monitor, so that whichever engine comes next knows what
 * the monitor there is doing. It lives in the container's run directory and goes with it; a reboot leaves none.
 */
export type ExecRecord = {
  readonly version: 1;
  readonly id: string;
  readonly containerId: string;
  /** The run of the container that the session belongs to: pid and start time of init. */
  readonly init: { readonly pid: number; readonly startTime: string };
  readonly request: ExecRequest;
  /** A probe of the container's health is of no use to another engine. */
  readonly purpose?: "health";
};

const FILE = "session.json";

/** The directory of a session below its container's run directory. */
export function execDirectory(containerRun: string, id: string): string {
  return join(containerRun, "exec", id);
}

/**
 * Makes a session's directory with its record. ENOENT when the container's run directory has gone: it is never made
 * anew here. A record that was written in part belongs to a session that has no monitor yet.
 */
export async function makeExecDirectory(directory: string, record: ExecRecord): Promise<void> {
  try {
    mkdirSync(dirname(directory), { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(join(directory, FILE), JSON.stringify(record), { mode: 0o600, flag: "wx" });
}

/** The sessions that an engine before left in a container's run directory; what cannot be read is logged and left out. */
export async function readExecRecords(containerRun: string, logger: Logger): Promise<ExecRecord[]> {
  const records: ExecRecord[] = [];
  for (const id of await namesIn(join(containerRun, "exec"))) {
    try {
      const path = join(execDirectory(containerRun, id), FILE);
      const record = JSON.parse(await readFile(path, "utf8")) as Partial<ExecRecord>;
      if (record.version === 1 && record.id === id) records.push(record as ExecRecord);
    } catch (error) {
      logger.log("warn", "exec.unreadable", { exec: id, error: String(error) });
    }
  }
  return records;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}
