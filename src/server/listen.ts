import { chmod, rm } from "node:fs/promises";
import type { Server } from "node:net";

/** Listens on a unix socket of the engine's own user, in place of one that a dead engine left. */
export async function listen(server: Server, path: string): Promise<void> {
  await rm(path, { force: true });
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(path, done);
  });
  await chmod(path, 0o600);
}
