// The command line: an ordinary client of the engine's Docker API.
import { resolve } from "node:path";
import { enginePaths, silentLogger } from "../base/index.ts";
import { createNodeSignals, createNodeTerminal, runCli } from "../cli/index.ts";
import { createHelper } from "../helper/index.ts";
import { readHostFacts } from "../host/index.ts";
import { explainBundle } from "../oci/index.ts";
import { connectEngine, startEngine } from "../resident/index.ts";

const helper = resolve(import.meta.dirname, "../helper/tug-helper");

/** The plan that `tug-oci create` would execute for a config.json; made here, without an engine or a right. */
async function explainConfig(path: string) {
  const context = {
    root: "/run/tug-oci",
    helper: createHelper(helper),
    facts: await readHostFacts(),
    logger: silentLogger,
    owner: process.getuid?.() ?? 0,
  };
  return explainBundle(context, path, "container");
}

const { env, stdin, stdout, stderr } = process;
const paths = {
  data: resolve(env.TUG_DATA_ROOT ?? "/var/lib/tug"),
  run: resolve(env.TUG_RUN_ROOT ?? "/run/tug"),
};
const { socket, log } = enginePaths(paths);

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env,
  cwd: process.cwd(),
  stdin,
  stdout,
  stderr,
  terminal: createNodeTerminal({ stdin, stdout, stderr }),
  signals: createNodeSignals(process),
  version: process.env.TUG_VERSION ?? "",
  now: Date.now,
  connectEngine: () =>
    connectEngine({
      socket,
      uid: process.getuid?.() ?? 0,
      logFile: log,
      start: () =>
        startEngine({
          helper,
          command: [
            process.execPath,
            "--disable-warning=ExperimentalWarning",
            resolve(import.meta.dirname, "engine.mjs"),
            "--data-root",
            paths.data,
            "--run-root",
            paths.run,
          ],
          env: {
            PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            HOME: "/root",
            LANG: "C.UTF-8",
          },
          logFile: log,
        }),
    }),
  explainConfig,
});
process.exit();
