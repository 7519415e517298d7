import { readlinkSync } from "node:fs";
import { errnoOf } from "./error.ts";

/**
 * Where this process is. One whose directory has been removed under it, as some callers do before they clean up, is where
 * the kernel says, `/path (deleted)`, which leads nowhere.
 */
export function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return readlinkSync("/proc/self/cwd");
  }
}
