// The resident engine: serves until it is told to end.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { jsonLogger, messageOf, plainError, TugError } from "../base/index.ts";
import { serve } from "../server/index.ts";

const { values } = parseArgs({
  options: {
    "data-root": { type: "string", default: "/var/lib/tug" },
    "run-root": { type: "string", default: "/run/tug" },
    debug: { type: "boolean", default: false },
  },
});
// A log that cannot be written, on a full disk, is no reason to end.
process.stdout.on("error", () => {});
const logger = jsonLogger((line) => process.stdout.write(line), values.debug ? "debug" : "info");

try {
  const serving = await serve({
    paths: { data: resolve(values["data-root"]), run: resolve(values["run-root"]) },
    packageDirectory: resolve(import.meta.dirname, "../.."),
    version: process.env.TUG_VERSION ?? "",
    build: process.env.TUG_BUILD ?? "",
    start: { command: [process.execPath, ...process.execArgv, ...process.argv.slice(1)], env: process.env },
    logger,
  });
  const end = async (): Promise<void> => {
    await serving.close();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, end);
  await serving.asked;
  await end();
} catch (thrown) {
  const error = plainError(thrown);
  const { code, hint } = error instanceof TugError ? error : {};
  logger.log("error", "engine.failed", { reason: messageOf(error), code, hint });
  process.exitCode = 1;
}
