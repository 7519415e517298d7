// The resident engine: serves until it is told to end.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { jsonLogger, messageOf, plainError, TugError } from "../base/index.ts";
import {
  parseDefaultNetwork,
  parseDirectories,
  parseSnapshotter,
  serve,
  takeServiceManager,
} from "../server/index.ts";

const { env } = process;
const packageDirectory = resolve(import.meta.dirname, "../..");
// A log that cannot be written, on a full disk, is no reason to end.
process.stdout.on("error", () => {});
const log = (debug: boolean) => jsonLogger((line) => process.stdout.write(line), debug ? "debug" : "info");
let logger = log(false);

try {
  const { values } = parseArgs({
    options: {
      "data-root": { type: "string", default: env.TUG_DATA_ROOT ?? "/var/lib/tug" },
      "run-root": { type: "string", default: env.TUG_RUN_ROOT ?? "/run/tug" },
      "default-network": { type: "string", default: env.TUG_DEFAULT_NETWORK },
      policy: { type: "string", default: env.TUG_POLICY },
      "registries-d": { type: "string", default: env.TUG_REGISTRIES_D },
      config: { type: "string", default: env.TUG_CONFIG },
      snapshotter: { type: "string", default: env.TUG_SNAPSHOTTER },
      "cdi-spec-dirs": { type: "string", default: env.TUG_CDI_SPEC_DIRS },
      debug: { type: "boolean", default: false },
      // Whoever started it sees to it that it runs.
      foreground: { type: "boolean", default: false },
    },
  });
  logger = log(values.debug);
  const manager = takeServiceManager({
    env,
    pid: process.pid,
    helper: resolve(packageDirectory, "dist/helper/tug-helper"),
    logger,
  });
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const serving = await serve({
    paths: { data: resolve(values["data-root"]), run: resolve(values["run-root"]) },
    packageDirectory,
    defaultNetwork: parseDefaultNetwork(values["default-network"]),
    snapshotter: parseSnapshotter(values.snapshotter),
    policy: values.policy === undefined ? undefined : resolve(values.policy),
    registriesDirectory: values["registries-d"] === undefined ? undefined : resolve(values["registries-d"]),
    config: values.config === undefined ? undefined : resolve(values.config),
    cdiDirectories: parseDirectories(values["cdi-spec-dirs"]),
    version: process.env.TUG_VERSION ?? "",
    build: process.env.TUG_BUILD ?? "",
    start: values.foreground ? undefined : { command, env },
    listening: manager.socket,
    logger,
  });
  const end = async (): Promise<void> => {
    await manager.notify("STOPPING=1");
    await serving.close();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, end);
  await manager.notify("READY=1");
  await serving.asked;
  await end();
} catch (thrown) {
  const error = plainError(thrown);
  const { code, hint } = error instanceof TugError ? error : {};
  logger.log("error", "engine.failed", { reason: messageOf(error), code, hint });
  process.exitCode = 1;
}
