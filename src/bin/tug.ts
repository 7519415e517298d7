// The command line: an ordinary client of the engine's Docker API.
import { resolve } from "node:path";
import { type Client, connect } from "../api/docker/client/index.ts";
import { enginePaths, workingDirectory } from "../base/index.ts";
import { type CliContext, createNodeSignals, createNodeTerminal, runCli } from "../cli/index.ts";
import { dialSocket } from "../endpoints/index.ts";
import { explainConfig } from "../oci/index.ts";
import { connectMachineEngine, engineRoots } from "../resident/index.ts";

const { env, stdin, stdout, stderr } = process;
const packageDirectory = resolve(import.meta.dirname, "../..");
const paths = engineRoots(env);
const uid = process.getuid?.() ?? 0;
const version = process.env.TUG_VERSION ?? "";

/** Whoever is not root sees plans without an engine. What that needs is large, and loaded when it is needed. */
function unlessPlanner(connectEngine: () => Promise<Client>): CliContext["connectEngine"] {
  return async (need) => {
    if (need !== "plans" || uid === 0) return connectEngine();
    const defaultNetwork = env.TUG_DEFAULT_NETWORK;
    const { parseDirectories, servePlans } = await import("../server/index.ts");
    const cdiDirectories = parseDirectories(env.TUG_CDI_SPEC_DIRS);
    const config = env.TUG_CONFIG;
    const door = await servePlans({
      paths,
      config,
      cdiDirectories,
      defaultNetwork,
      packageDirectory,
      version,
    });
    return connect({ door });
  };
}

const engineSocket = enginePaths(paths).socket;
const connectHere = () =>
  connectMachineEngine({
    paths,
    packageDirectory,
    node: () => process.execPath,
    version,
    build: process.env.TUG_BUILD ?? "",
    env,
    uid,
    onWork: (sentence) => void stderr.write(`waiting for the engine: ${sentence}\n`),
  });

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env,
  cwd: workingDirectory(),
  stdin,
  stdout,
  stderr,
  terminal: createNodeTerminal({ stdin, stdout, stderr }),
  signals: createNodeSignals(process),
  version,
  program: resolve(packageDirectory, "dist/helper/tug-helper"),
  now: Date.now,
  connectEngine: unlessPlanner(connectHere),
  async dialEngine() {
    (await connectHere())[Symbol.dispose]();
    return dialSocket(engineSocket);
  },
  engineSocket,
  explainConfig,
});
process.exit();
