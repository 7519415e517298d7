import { spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import type { TugError } from "../base/index.ts";
import { endpointError } from "./errors.ts";
import type { SshHost } from "./host.ts";
import { type ProcessEnd, processStream } from "./process-stream.ts";

/** Of the program that wants a connection: ssh has the configuration, keys and agent that they lead to. */
export type SshCaller = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
};

/** How long a machine may take to answer, in seconds. */
const PATIENCE = 30;

/**
 * The arguments of ssh(1) for a connection to an engine. The machine at the other end needs `tug` on its PATH.
 *
 * Source: https://man.openbsd.org/ssh.1
 */
export function sshArguments({ host, user, port, path }: SshHost): string[] {
  return [
    ...["-o", `ConnectTimeout=${PATIENCE}`, "-T"],
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", String(port)]),
    ...["--", host, "tug"],
    ...(path === undefined ? [] : ["--host", `unix://${path}`]),
    ...["system", "dial-stdio"],
  ];
}

/**
 * A connection to the engine of another machine, by an ssh of its own. A failure is what the reader of it gets:
 * ENDPOINT_SSH with what ssh said last.
 */
export function dialSsh(host: SshHost, { env, cwd }: SshCaller): Duplex {
  // In a session of its own: Ctrl-C is for the command that uses the connection.
  const child = spawn("ssh", sshArguments(host), { cwd, env: { ...env }, detached: true, stdio: "pipe" });
  return processStream(child, (end) => failureOf(host, end));
}

function failureOf(
  host: SshHost,
  { code, stderr, received }: ProcessEnd & { received: boolean },
): TugError | undefined {
  if (code === 0 && received) return undefined;
  const said = stderr
    .split("\n")
    .map((line) => line.trim())
    .findLast((line) => line !== "");
  const reason =
    said ?? (code === null ? "ssh was ended by a signal" : `ssh ended with ${code} and said nothing`);
  const command = `ssh ${sshArguments(host)
    .slice(2)
    .join(" ")
    .replace(/ system dial-stdio$/, " version")}`;
  return endpointError("SSH", `cannot reach the engine on ${host.host} by ssh: ${printable(reason)}`, {
    hint: `see whether this works without questions: ${command}`,
  });
}

/** What another machine says must not steer a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?").slice(0, 500);
}
