import { rm } from "node:fs/promises";

/** How often the removal is tried again, the n-th time after n times the delay in milliseconds. */
const RETRIES = 20;
const DELAY = 10;

/** Removes a container's run directory. The monitor may be ending and write its exit record there meanwhile. */
export async function removeRunFiles(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: RETRIES, retryDelay: DELAY });
}
