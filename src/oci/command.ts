import type { Logger } from "../base/index.ts";
import type { GroupDriver, RuntimeContext } from "../runtime/index.ts";
import { ociCliError } from "./errors.ts";
import { describeFlags, type FlagDefinitions, type FlagValues, parseFlags } from "./flags.ts";

/** What a command may use of the process it runs in. */
export type OciEnvironment = {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** Of the caller, unless it is this process's: new files get their mode by it. */
  readonly umask?: number;
  /** Of the process that the caller started. */
  readonly pid: number;
  /** Descriptors from 3 on that the caller left open without a gap; absent: whoever executes the plan checks them. */
  readonly inheritedDescriptors?: number;
  readonly stdout: (text: string) => void;
  readonly stdin: () => Promise<Buffer>;
  /** Files as the caller has read them; absent: they are read here. */
  readonly readFile?: (path: string) => Promise<Buffer>;
  readonly logger: Logger;
  /** The program of criu, or its name; default: criu. */
  readonly criu?: string | undefined;
  /** Who makes control groups of new containers. */
  readonly groups?: GroupDriver;
  /** Aborted when the caller has gone; absent: this process goes with it. */
  readonly signal?: AbortSignal;
  /** Resolves when something may be done; absent: at once. Who waits for it runs the command. */
  readonly admitted?: Promise<void>;
  /** The low-level runtime with `--root` as given; reads the host's facts on first use. */
  readonly runtime: () => Promise<RuntimeContext>;
};

/** A command of `tug-oci`. `run` returns the exit code. */
export type OciCommand = {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly flags: FlagDefinitions;
  /** What the command ends with when it fails; 1 where absent. */
  readonly failure?: number | undefined;
  readonly run: (argv: readonly string[], environment: OciEnvironment) => Promise<number>;
};

type CommandParts<F extends FlagDefinitions> = {
  readonly name: string;
  readonly summary: string;
  /** Arguments after the flags: `<container-id>`. */
  readonly usage: string;
  /** Least and most arguments. */
  readonly args: readonly [least: number, most: number];
  readonly flags: F;
  /** What the command ends with when it fails; 1 where absent. */
  readonly failure?: number;
  /** What it does is done by plans, which wait themselves until something may be done; control groups of systemd are not. */
  readonly isPlanned?: boolean;
  readonly action: (
    input: { readonly flags: FlagValues<F>; readonly args: readonly string[] },
    environment: OciEnvironment,
  ) => Promise<number | undefined>;
};

/** Puts parsing, `--help` and the count of arguments in front of a command's action. */
export function ociCommand<const F extends FlagDefinitions>(parts: CommandParts<F>): OciCommand {
  const { name, summary, usage, flags, failure, isPlanned = false, args: bounds } = parts;
  return {
    name,
    summary,
    usage,
    flags,
    failure,
    async run(argv, environment) {
      if (argv[0] === "--help" || argv[0] === "-h" || argv[0] === "-help") {
        environment.stdout(commandHelp(parts));
        return 0;
      }
      const { values, rest } = parseFlags(argv, flags, name);
      if (rest.length < bounds[0] || rest.length > bounds[1]) {
        throw ociCliError("USAGE", `"${name}" requires ${countWords(bounds)}, got ${rest.length}`, {
          hint: `usage: tug-oci ${name} ${usage}`,
        });
      }
      if (!isPlanned || environment.groups === "systemd") await environment.admitted;
      return (await parts.action({ flags: values, args: rest }, environment)) ?? 0;
    },
  };
}

function commandHelp({
  name,
  summary,
  usage,
  flags,
}: Pick<OciCommand, "name" | "summary" | "usage" | "flags">): string {
  const options = Object.keys(flags).length === 0 ? "" : `\nOPTIONS:\n${describeFlags(flags)}`;
  return `NAME:\n   tug-oci ${name} - ${summary}\n\nUSAGE:\n   tug-oci ${name} [command options] ${usage}\n${options}`;
}

function countWords([least, most]: readonly [number, number]): string {
  if (least === most) return `exactly ${least} argument${least === 1 ? "" : "s"}`;
  return most === Number.POSITIVE_INFINITY
    ? `at least ${least} argument(s)`
    : `${least} to ${most} arguments`;
}
