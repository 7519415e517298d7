import { closeSync, fdatasync, fsync, openSync } from "node:fs";
import { promisify } from "node:util";

const waitForAll = promisify(fsync);
const waitForData = promisify(fdatasync);

/** Makes the names in a directory durable: after a rename, a new link or an unlink. */
export function syncDirectory(path: string): Promise<void> {
  return syncing(path, waitForAll);
}

/** Makes a file's content durable. */
export function syncData(path: string): Promise<void> {
  return syncing(path, waitForData);
}

/** Only the disk is waited for in another thread: to open and to close takes less than to ask one for it. */
async function syncing(path: string, sync: (descriptor: number) => Promise<void>): Promise<void> {
  const descriptor = openSync(path, "r");
  try {
    await sync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
