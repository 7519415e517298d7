import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type ExecOptions, execInContainer, processOf } from "../../runtime/index.ts";
import { type Process, parseProcess } from "../../specs/oci-runtime/index.ts";
import { type OciEnvironment, ociCommand } from "../command.ts";
import { passedDescriptors } from "../descriptors.ts";
import { ociCliError } from "../errors.ts";
import type { FlagValues } from "../flags.ts";
import { wholeNumber } from "../numbers.ts";
import { exitCode } from "./run.ts";

/** What a failed `exec` ends with, so that it can be told from the program's own codes. */
const FAILED = 255;

const flags = {
  console: { kind: "text", help: "accepted for compatibility, has no effect" },
  cwd: { kind: "text", placeholder: "path", help: "current working directory in the container" },
  env: { kind: "list", short: "e", placeholder: "NAME=value", help: "set environment variables" },
  tty: { kind: "boolean", short: "t", help: "allocate a pseudoterminal" },
  user: { kind: "text", short: "u", placeholder: "uid[:gid]", help: "user and group to run as" },
  "additional-gids": { kind: "list", short: "g", placeholder: "gid", help: "additional groups" },
  process: { kind: "text", short: "p", placeholder: "file", help: "file with the process to run, as JSON" },
  detach: { kind: "boolean", short: "d", help: "detach from the process" },
  "pid-file": { kind: "text", placeholder: "file", help: "file to write the process id to" },
  "process-label": { kind: "text", placeholder: "label", help: "SELinux label of the process" },
  apparmor: { kind: "text", placeholder: "profile", help: "AppArmor profile of the process" },
  "no-new-privs": { kind: "boolean", help: "set no_new_privs for the process" },
  cap: {
    kind: "list",
    short: "c",
    placeholder: "name",
    help: "add a capability to the bounding, effective and permitted set",
  },
  "preserve-fds": {
    kind: "text",
    placeholder: "N",
    help: "pass N additional file descriptors to the process (LISTEN_FDS+N in total)",
  },
  cgroup: {
    kind: "list",
    placeholder: "path",
    help: "group below the container's to run in: path, or controller[,controller...]:path on v1",
  },
  "ignore-paused": { kind: "boolean", help: "allow exec in a paused container" },
  "console-socket": {
    kind: "text",
    placeholder: "path",
    help: "unix socket that receives the master end of the console's pseudoterminal",
  },
  "pidfd-socket": {
    kind: "text",
    placeholder: "path",
    help: "unix socket that receives a pidfd of the process",
  },
  "no-subreaper": { kind: "boolean", help: "accepted for compatibility: nothing is made a subreaper" },
} as const;

type Flags = FlagValues<typeof flags>;

/** Runs a further program in a container; ends as the program does, or with 255 where it could not be run. */
export const exec = ociCommand({
  name: "exec",
  summary: "execute new process inside the container",
  usage: "<container-id> <command> [command options] || --process process.json <container-id>",
  args: [1, Number.POSITIVE_INFINITY],
  flags,
  failure: FAILED,
  isPlanned: true,
  async action({ flags: values, args: [id = "", ...words] }, environment) {
    const context = await environment.runtime();
    if (values.process === undefined && words.length === 0) {
      throw ociCliError("USAGE", "process args cannot be empty", {
        hint: "name the command after the container, or give --process",
      });
    }
    const process =
      values.process === undefined
        ? commandProcess(await processOf(context, id), values, words)
        : await readProcess(resolve(environment.cwd, values.process), environment);
    const { waitStatus } = await execInContainer(context, id, execOptions(process, values, environment));
    return values.detach || waitStatus === undefined ? 0 : exitCode(waitStatus);
  },
});

function execOptions(process: Process, values: Flags, environment: OciEnvironment): ExecOptions {
  const { cwd } = environment;
  const path = (name: "console-socket" | "pidfd-socket" | "pid-file") => {
    const value = values[name];
    return value === undefined ? undefined : resolve(cwd, value);
  };
  const socket = path("console-socket");
  const own = process.terminal === true && !values.detach && socket === undefined;
  return {
    process,
    foreground: !values.detach,
    console: own ? { kind: "own" } : socket === undefined ? undefined : { kind: "socket", path: socket },
    pidFile: path("pid-file"),
    pidfdSocket: path("pidfd-socket"),
    preserveFds: passedDescriptors(wholeNumber(values["preserve-fds"], "preserve-fds") ?? 0, environment),
    subgroups: subgroups(values.cgroup),
    ignorePaused: values["ignore-paused"],
  };
}

async function readProcess(path: string, { logger }: OciEnvironment): Promise<Process> {
  const text = await readFile(path).catch((error: unknown) => {
    throw ociCliError("FILE", `cannot read the process from ${path}`, { cause: error });
  });
  const { value, warnings } = parseProcess(text, path);
  for (const { pointer, message } of warnings) logger.log("warn", message, { place: `${path}#${pointer}` });
  return value;
}

/** The container's own process, changed by the flags. */
function commandProcess(own: Process, values: Flags, words: readonly string[]): Process {
  const { cwd = own.cwd, apparmor, cap, user } = values;
  const label = values["process-label"];
  const gids = values["additional-gids"].map((text) => wholeNumber(text, "additional-gids") ?? 0);
  const identity = user === undefined ? own.user : { ...own.user, ...parseUser(user) };
  return {
    ...own,
    args: words,
    cwd,
    env: [...(own.env ?? []), ...values.env.map(variable)],
    terminal: values.tty,
    user: gids.length > 0 ? { ...identity, additionalGids: gids } : identity,
    ...(values["no-new-privs"] && { noNewPrivileges: true }),
    ...(apparmor !== undefined && { apparmorProfile: apparmor }),
    ...(label !== undefined && { selinuxLabel: label }),
    ...(cap.length > 0 && { capabilities: withCapabilities(own, cap) }),
  };
}

/** As in runc: not inheritable, and ambient only where the container's process has inheritable ones. */
function withCapabilities({ capabilities = {} }: Process, added: readonly string[]) {
  const names = added.map((name) => (/^CAP_/i.test(name) ? name : `CAP_${name}`).toUpperCase());
  const plus = (list: readonly string[] = []) => [...new Set([...list, ...names])];
  const { bounding, effective, permitted, inheritable, ambient } = capabilities;
  return {
    ...capabilities,
    bounding: plus(bounding),
    effective: plus(effective),
    permitted: plus(permitted),
    ...((inheritable?.length ?? 0) > 0 && { ambient: plus(ambient) }),
  };
}

function variable(text: string): string {
  if (text.indexOf("=") > 0) return text;
  throw ociCliError("FLAG", `invalid value ${JSON.stringify(text)} for flag -env: not NAME=value`);
}

function parseUser(text: string): { uid: number; gid?: number } {
  const [uid, gid, more] = text.split(":");
  if (more === undefined && /^\d+$/.test(uid ?? "") && /^(\d+)?$/.test(gid ?? "")) {
    return { uid: Number(uid), ...(gid && { gid: Number(gid) }) };
  }
  throw ociCliError("FLAG", `invalid value ${JSON.stringify(text)} for flag -user: not uid[:gid]`);
}

/** `path` for every hierarchy, `cpu,memory:path` for some. */
function subgroups(values: readonly string[]): ReadonlyMap<string, string> {
  const entries = values.flatMap((value): [string, string][] => {
    const colon = value.indexOf(":");
    if (colon < 0) return [["", value]];
    return value
      .slice(0, colon)
      .split(",")
      .map((controller) => [controller, value.slice(colon + 1)]);
  });
  return new Map(entries);
}
