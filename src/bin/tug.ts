// The command line: an ordinary client of the engine's Docker API.
import { resolve } from "node:path";
import { type Client, connect } from "../api/docker/client/index.ts";
import { enginePaths } from "../base/index.ts";
import { type CliContext, createNodeSignals, createNodeTerminal, runCli } from "../cli/index.ts";
import { explainConfig } from "../oci/index.ts";
import { checkStart, connectEngine, startEngine } from "../resident/index.ts";

const helper = resolve(import.meta.dirname, "../helper/tug-helper");

const { env, stdin, stdout, stderr } = process;
const paths = {
  data: resolve(env.TUG_DATA_ROOT ?? "/var/lib/tug"),
  run: resolve(env.TUG_RUN_ROOT ?? "/run/tug"),
};
const { socket, log, lock } = enginePaths(paths);
const uid = process.getuid?.() ?? 0;
const version = process.env.TUG_VERSION ?? "";

/** The proxies of whoever starts the engine are those that it uses. */
function proxyVariables(from: NodeJS.ProcessEnv): Record<string, string> {
  const isProxy = ([name, value]: [string, string | undefined]) =>
    /^(?:http|https|all|no)_proxy$/i.test(name) && value !== undefined;
  return Object.fromEntries(Object.entries(from).filter(isProxy)) as Record<string, string>;
}

/** Whoever is not root sees plans without an engine. What that needs is large, and loaded when it is needed. */
function unlessPlanner(connectEngine: () => Promise<Client>): CliContext["connectEngine"] {
  return async (need) => {
    if (need !== "plans" || uid === 0) return connectEngine();
    const { servePlans } = await import("../server/index.ts");
    const packageDirectory = resolve(import.meta.dirname, "../..");
    return connect({ dial: await servePlans({ paths, packageDirectory, version }) });
  };
}

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env,
  cwd: process.cwd(),
  stdin,
  stdout,
  stderr,
  terminal: createNodeTerminal({ stdin, stdout, stderr }),
  signals: createNodeSignals(process),
  version,
  now: Date.now,
  connectEngine: unlessPlanner(() =>
    connectEngine({
      socket,
      uid,
      logFile: log,
      lockFile: lock,
      own: { version: process.env.TUG_VERSION ?? "", build: process.env.TUG_BUILD ?? "" },
      check: () => checkStart({ helper, logFile: log }),
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
            ...proxyVariables(env),
          },
          logFile: log,
        }),
    }),
  ),
  explainConfig,
});
process.exit();
