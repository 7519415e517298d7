import { messageOf, TugError } from "../base/index.ts";
import type { GroupDriver } from "../runtime/index.ts";
import { OCI_RUNTIME_VERSION } from "../specs/oci-runtime/index.ts";
import type { OciCommand, OciEnvironment } from "./command.ts";
import { checkpoint } from "./commands/checkpoint.ts";
import { create } from "./commands/create.ts";
import { remove } from "./commands/delete.ts";
import { events } from "./commands/events.ts";
import { exec } from "./commands/exec.ts";
import { features } from "./commands/features.ts";
import { kill } from "./commands/kill.ts";
import { list } from "./commands/list.ts";
import { pause } from "./commands/pause.ts";
import { ps } from "./commands/ps.ts";
import { restore } from "./commands/restore.ts";
import { resume } from "./commands/resume.ts";
import { run } from "./commands/run.ts";
import { spec } from "./commands/spec.ts";
import { start } from "./commands/start.ts";
import { state } from "./commands/state.ts";
import { update } from "./commands/update.ts";
import { ociCliError } from "./errors.ts";
import { describeFlags, type FlagValues, parseFlags } from "./flags.ts";

/** Every command, as `--help` lists them. */
export const commands: readonly OciCommand[] = [
  checkpoint,
  create,
  remove,
  events,
  exec,
  features,
  kill,
  list,
  pause,
  ps,
  restore,
  resume,
  run,
  spec,
  start,
  state,
  update,
];

/** What `--version` prints. */
export function ociVersion(version: string): string {
  return `tug-oci version ${version}\nspec: ${OCI_RUNTIME_VERSION}\n`;
}

const globalFlags = {
  root: {
    kind: "text",
    placeholder: "path",
    help: "root directory for storage of container state (default: $XDG_RUNTIME_DIR/tug-oci, for root /run/tug-oci)",
  },
  log: { kind: "text", placeholder: "file", help: "file to write log messages to; default: standard error" },
  "log-format": { kind: "text", placeholder: "format", help: "format of the log: text (default) or json" },
  debug: { kind: "boolean", help: "enable debug logging" },
  "systemd-cgroup": {
    kind: "boolean",
    help: "have systemd make control groups; cgroupsPath is slice:prefix:name",
  },
  "cgroup-manager": {
    kind: "text",
    placeholder: "manager",
    help: "who makes control groups: cgroupfs (default), systemd, or disabled for none",
  },
  rootless: {
    kind: "text",
    placeholder: "mode",
    help: "do without control groups that cannot be made: true, false, or auto (default) for all but root",
  },
  criu: { kind: "text", placeholder: "path", help: "the program criu, default: criu in $PATH" },
  version: { kind: "boolean", short: "v", help: "print the version" },
  help: { kind: "boolean", short: "h", help: "show help" },
} as const;

export type OciGlobals = FlagValues<typeof globalFlags>;

/** Makes what a command needs from the global flags; supplied by the composition root. */
export type EnvironmentMaker = (globals: OciGlobals) => OciEnvironment;

/**
 * Runs `tug-oci`.
 *
 * @param io where version, help and errors go
 * @returns the exit code: that of the program for a foreground `run` or `exec`, 255 for a failure of exec, else 1
 */
export async function runOci(
  argv: readonly string[],
  makeEnvironment: EnvironmentMaker,
  io: { stdout: (text: string) => void; stderr: (text: string) => void; version: string },
): Promise<number> {
  let environment: OciEnvironment | undefined;
  let command: OciCommand | undefined;
  try {
    const { values, rest } = parseFlags(argv, globalFlags, "");
    if (values.version) {
      io.stdout(io.version);
      return 0;
    }
    const [name, ...words] = rest;
    if (values.help || name === undefined || name === "help") {
      io.stdout(help());
      return 0;
    }
    const groups = groupDriver(values);
    command = commands.find((candidate) => candidate.name === name);
    if (command === undefined)
      throw ociCliError("COMMAND", `no such command: ${name}`, { hint: "see: tug-oci --help" });
    environment = { ...makeEnvironment(values), groups, criu: values.criu };
    return await command.run(words, environment);
  } catch (error) {
    report(error, environment, io.stderr);
    return command?.failure ?? 1;
  }
}

/** Who makes control groups. The names of the managers are crun's. */
function groupDriver({ "systemd-cgroup": systemd, "cgroup-manager": manager }: OciGlobals): GroupDriver {
  if (systemd || manager === "systemd") return "systemd";
  if (manager === undefined || manager === "cgroupfs") return "cgroupfs";
  if (manager === "disabled") return "none";
  throw ociCliError("FLAG", `invalid value ${JSON.stringify(manager)} for flag -cgroup-manager`, {
    hint: "use cgroupfs, systemd or disabled",
  });
}

/** Callers such as containerd read the log file; people read standard error. */
function report(
  error: unknown,
  environment: OciEnvironment | undefined,
  stderr: (text: string) => void,
): void {
  const message = messageOf(error);
  environment?.logger.log("error", message);
  stderr(`tug-oci: ${message}\n`);
  if (error instanceof TugError && error.hint !== undefined) stderr(`${error.hint}\n`);
}

function help(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const rows = commands.map(({ name, summary }) => `   ${name.padEnd(width)}  ${summary}\n`).join("");
  return `NAME:
   tug-oci - Open Container Initiative runtime

USAGE:
   tug-oci [global options] command [command options] [arguments...]

COMMANDS:
${rows}
GLOBAL OPTIONS:
${describeFlags(globalFlags)}`;
}
