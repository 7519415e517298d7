import { readlinkSync } from "node:fs";
import type { Spec } from "../specs/oci-runtime/index.ts";
import type { OciEnvironment } from "./command.ts";
import { ociCliError } from "./errors.ts";

/**
 * How many descriptors from 3 on this process got from its caller. The first that Node has opened itself is its event
 * loop's; everything below came from outside.
 */
export function inheritedDescriptors(): number {
  let count = 0;
  while (isInherited(3 + count)) count += 1;
  return count;
}

function isInherited(descriptor: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`) !== "anon_inode:[eventpoll]";
  } catch {
    return false;
  }
}

/**
 * How many sockets of a service manager this process holds, from descriptor 3 on; 0 where they are meant for another
 * process. Source: sd_listen_fds(3)
 */
export function listenDescriptors({ env, pid }: Pick<OciEnvironment, "env" | "pid">): number {
  if (env.LISTEN_PID !== String(pid)) return 0;
  return /^\d{1,4}$/.test(env.LISTEN_FDS ?? "") ? Number(env.LISTEN_FDS) : 0;
}

/** The socket on which a service manager waits to hear that the container is ready. Source: sd_notify(3) */
export function notifySocket({ env }: Pick<OciEnvironment, "env">): string | undefined {
  return env.NOTIFY_SOCKET === "" ? undefined : env.NOTIFY_SOCKET;
}

/** The configuration of a container that is handed such sockets: its program is told how many, and that it is meant. */
export function withListenDescriptors(spec: Spec, count: number): Spec {
  if (count === 0) return spec;
  const env = [...(spec.process.env ?? []), `LISTEN_FDS=${count}`, "LISTEN_PID=1"];
  return { ...spec, process: { ...spec.process, env } };
}

/**
 * The descriptors that a container gets: the sockets of a service manager and what `--preserve-fds` names after them.
 *
 * @throws OCI_CLI_DESCRIPTOR where one is not open
 */
export function passedDescriptors(
  preserve: number,
  environment: Pick<OciEnvironment, "env" | "pid" | "inheritedDescriptors">,
): number {
  const count = listenDescriptors(environment) + preserve;
  const { inheritedDescriptors: open = count } = environment;
  if (count <= open) return count;
  throw ociCliError("DESCRIPTOR", `cannot pass descriptor ${3 + open} to the container: it is not open`, {
    hint: "check --preserve-fds and LISTEN_FDS",
  });
}
