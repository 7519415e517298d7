// The resident engine: opens the data directory and serves Docker's API on a unix socket until it is told to end.
import { chmod, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createDockerDoor } from "../api/docker/index.ts";
import { enginePaths, jsonLogger, messageOf, TugError, writeFileAtomic } from "../base/index.ts";
import { openEngine } from "../engine/index.ts";

const { values } = parseArgs({
  options: {
    "data-root": { type: "string", default: "/var/lib/tug" },
    "run-root": { type: "string", default: "/run/tug" },
    debug: { type: "boolean", default: false },
  },
});
const logger = jsonLogger((line) => process.stdout.write(line), values.debug ? "debug" : "info");
const programs = resolve(import.meta.dirname, "../helper");
const version = process.env.TUG_VERSION ?? "";
const paths = { data: resolve(values["data-root"]), run: resolve(values["run-root"]) };

try {
  const engine = await openEngine({
    paths,
    programs: { helper: join(programs, "tug-helper"), hello: join(programs, "hello") },
    version,
    logger,
    dockerConfig: "/root/.docker/config.json",
  });
  const door = createDockerDoor(engine, { logger, version });
  const { socket, pidFile } = enginePaths(paths);
  await rm(socket, { force: true });
  await new Promise<void>((done, fail) => door.server.once("error", fail).listen(socket, done));
  await chmod(socket, 0o600);
  await writeFileAtomic(pidFile, `${process.pid}\n`, 0o644);
  logger.log("info", "engine.ready", { socket, pid: process.pid });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, async () => {
      await door.close();
      await engine.close();
      process.exit(0);
    });
  }
} catch (error) {
  logger.log("error", "engine.failed", {
    reason: messageOf(error),
    hint: error instanceof TugError ? error.hint : undefined,
  });
  process.exitCode = 1;
}
