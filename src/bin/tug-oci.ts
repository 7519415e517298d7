// The low-level runtime: `tug-oci` with runc's command line.
import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { workingDirectory } from "../base/index.ts";
import { createHelper, startPlaceholder } from "../helper/index.ts";
import { readHostFacts } from "../host/index.ts";
import {
  defaultRoot,
  type EnvironmentMaker,
  inheritedDescriptors,
  isRootless,
  ociLogger,
  ociVersion,
  runOci,
  unprivilegedCaller,
} from "../oci/index.ts";
import { userSockets } from "../systemd/index.ts";

const helperPath = resolve(import.meta.dirname, "../helper/tug-helper");
const stderr = (text: string): void => void process.stderr.write(text);
const stdout = (text: string): void => void process.stdout.write(text);

const makeEnvironment: EnvironmentMaker = (globals) => {
  const logger = ociLogger(
    { file: globals.log, format: globals["log-format"], debug: globals.debug },
    stderr,
  );
  const uid = process.getuid?.() ?? 0;
  const cwd = workingDirectory();
  return {
    cwd,
    env: process.env,
    uid,
    pid: process.pid,
    inheritedDescriptors: inheritedDescriptors(),
    stdout,
    stdin: () => buffer(process.stdin),
    logger,
    runtime: async () => {
      const facts = await readHostFacts();
      return {
        root: resolve(cwd, globals.root ?? defaultRoot({ uid, env: process.env, facts })),
        helper: createHelper(helperPath, process),
        facts,
        logger,
        owner: uid,
        unprivileged: await unprivilegedCaller(process.env),
        rootless: isRootless(globals.rootless, { uid, facts }),
        systemd: uid !== 0 || facts.userNamespace ? userSockets(process.env) : undefined,
        placeholder: () => startPlaceholder(helperPath),
      };
    },
  };
};

process.exitCode = await runOci(process.argv.slice(2), makeEnvironment, {
  stdout,
  stderr,
  version: ociVersion(process.env.TUG_VERSION ?? ""),
});
