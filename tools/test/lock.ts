import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** How long another run may hold a lock: it may be downloading. Milliseconds. */
const patience = 900_000;

/**
 * Does work while no other process does work under the same lock file. SQLite holds the lock, so that the kernel
 * releases it when the holder dies. Waiting blocks the thread.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: patience });
  try {
    database.exec("BEGIN EXCLUSIVE");
    return await work();
  } finally {
    database.close();
  }
}
