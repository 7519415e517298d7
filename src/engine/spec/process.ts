import type { Process, RlimitName } from "../../specs/oci-runtime/index.ts";
import { engineError } from "../errors.ts";
import { containerCapabilities } from "./capabilities.ts";
import type { SpecInput } from "./input.ts";
import { systemdVariables } from "./systemd.ts";

const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The first process of a container. */
export function specProcess(input: SpecInput): Process {
  const { request, image, user, origins } = input;
  const { stdio, security } = request;
  const capabilities = containerCapabilities(security, input.facts.boundingCapabilities);
  origins.note(
    "/process/args",
    request.from.command ?? request.from.entrypoint ?? `command of ${request.image}`,
  );
  origins.note("/process/cwd", request.from.workingDir);
  origins.note("/process/user", request.from.user);
  origins.note("/process/oomScoreAdj", request.from.oomScoreAdj);
  origins.note("/process/apparmorProfile", request.from["security.apparmor"]);
  return {
    terminal: stdio.tty,
    ...(stdio.tty && stdio.consoleSize && { consoleSize: { ...stdio.consoleSize } }),
    user: { uid: user.uid, gid: user.gid, additionalGids: [...user.groups] },
    args: commandLine(request, image),
    env: environment(input),
    cwd: request.workingDir || image.WorkingDir || "/",
    capabilities: {
      bounding: capabilities,
      // A user other than root gets capabilities by exec of a file that has them only.
      effective: user.uid === 0 ? capabilities : [],
      permitted: user.uid === 0 ? capabilities : [],
    },
    rlimits: rlimits(input),
    noNewPrivileges: security.noNewPrivileges ?? false,
    ...(request.oomScoreAdj !== undefined && { oomScoreAdj: request.oomScoreAdj }),
    ...(security.apparmor && security.apparmor !== "unconfined" && { apparmorProfile: security.apparmor }),
  };
}

/**
 * What runs: the entrypoint and its arguments. An entrypoint of the request takes the image's command away.
 * Source: https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact
 */
export function commandLine(
  request: Pick<SpecInput["request"], "command" | "entrypoint" | "image">,
  image: SpecInput["image"],
): string[] {
  const entrypoint = request.entrypoint ?? image.Entrypoint ?? [];
  const inherited = request.entrypoint === undefined ? (image.Cmd ?? []) : [];
  const line = [...entrypoint, ...(request.command ?? inherited)];
  if (line.length > 0) return line;
  throw engineError("NO_COMMAND", `cannot create a container of ${request.image}: no command specified`, {
    hint: "the image names none: give one after the image's name",
  });
}

/**
 * The default PATH, the host name, the terminal's kind, what systemd looks for, then the image's variables, then the
 * request's, then its secrets, then those of CDI devices. HOME is the runtime's to add, which can look it up in the
 * container.
 */
function environment(input: SpecInput): string[] {
  const { request, image, hostname, secretEnv, cdi } = input;
  const variables = new Map<string, string>();
  const set = (entry: string): void => {
    const equals = entry.indexOf("=");
    if (equals < 0) variables.delete(entry);
    else variables.set(entry.slice(0, equals), entry);
  };
  set(DEFAULT_PATH);
  set(`HOSTNAME=${hostname}`);
  if (request.stdio.tty) set("TERM=xterm");
  for (const entry of systemdVariables(input)) set(entry);
  for (const entry of image.Env ?? []) set(entry);
  for (const entry of request.env) set(entry);
  for (const entry of secretEnv) set(entry);
  for (const entry of cdi.env) set(entry);
  return [...variables.values()];
}

function rlimits({ request, origins }: SpecInput): NonNullable<Process["rlimits"]> {
  return request.ulimits.map(({ name, soft, hard, from }, index) => {
    origins.note(`/process/rlimits/${index}`, from);
    return { type: `RLIMIT_${name.toUpperCase()}` as RlimitName, soft: limit(soft), hard: limit(hard) };
  });
}

/** -1 is "no limit". */
function limit(value: number): bigint {
  return value < 0 ? 0xffff_ffff_ffff_ffffn : BigInt(value);
}
