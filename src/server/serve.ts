import { chmod, rm } from "node:fs/promises";
import type { Server } from "node:net";
import { join } from "node:path";
import { createDockerDoor } from "../api/docker/index.ts";
import { type EnginePaths, enginePaths, type Logger, writeFileAtomic } from "../base/index.ts";
import { openEngine } from "../engine/index.ts";
import {
  createFrontServer,
  type FrontConnection,
  type FrontRequest,
  runTug,
  runTugOci,
} from "../front/index.ts";
import { readHostFacts } from "../host/index.ts";
import { explainConfig, ociVersion } from "../oci/index.ts";

export type ServeOptions = {
  readonly paths: EnginePaths;
  /** Directory of the package, which holds dist/. */
  readonly packageDirectory: string;
  readonly version: string;
  readonly logger: Logger;
};

/** A resident process that serves; `close` lets go of everything, containers go on. */
export type Serving = { close(): Promise<void> };

/**
 * Opens the engine and its doors: Docker's API and the socket that `tug` and `tug-oci` on disk talk to. The data
 * directory's lock is taken before a socket is touched, so a second engine changes nothing.
 */
export async function serve({ paths, packageDirectory, version, logger }: ServeOptions): Promise<Serving> {
  const { socket, frontSocket, pidFile } = enginePaths(paths);
  const programs = join(packageDirectory, "dist/helper");
  const engine = await openEngine({
    paths,
    programs: { helper: join(programs, "tug-helper"), hello: join(programs, "hello") },
    version,
    logger,
    dockerConfig: "/root/.docker/config.json",
  });
  const door = createDockerDoor(engine, { logger, version });
  const run = (request: FrontRequest, connection: FrontConnection): Promise<number> =>
    request.program === "tug"
      ? runTug(request, connection, { socket, version, explainConfig })
      : runTugOci(request, connection, {
          version: ociVersion(version),
          readFacts: () => readHostFacts(request.pid),
          uid: process.getuid?.() ?? 0,
        });
  const fronts = createFrontServer({ packageDirectory, logger, run });
  await listen(door.server, socket);
  await listen(fronts, frontSocket);
  await writeFileAtomic(pidFile, `${process.pid}\n`, 0o644);
  logger.log("info", "engine.ready", { socket, pid: process.pid });
  return {
    async close() {
      fronts.close();
      await door.close();
      await engine.close();
    },
  };
}

/** Listens on a unix socket in place of one that a dead engine left. */
async function listen(server: Server, path: string): Promise<void> {
  await rm(path, { force: true });
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(path, done);
  });
  await chmod(path, 0o600);
}
