import type { HostFacts } from "../../host/index.ts";
import { engineError } from "../errors.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import { commandLine } from "../spec/process.ts";
import { runsSystemd } from "../spec/systemd.ts";
import type { RecordedImage } from "./record.ts";

/** The stop signal that systemd takes for an orderly end: it halts. Source: systemd(1), SIGNALS */
const HALT = "SIGRTMIN+3";

/**
 * A request in which it is settled whether systemd boots in the container: `systemd` is there or left out, and the stop
 * signal is one that systemd understands unless the request or the image names another.
 *
 * @throws ENGINE_REQUEST for what systemd cannot be process 1 with, ENGINE_UNSUPPORTED where the machine has no cgroup v2
 */
export function withSystemd(
  request: CreateContainerRequest,
  image: Pick<RecordedImage, "defaults" | "stopSignal">,
  facts: HostFacts,
): CreateContainerRequest {
  const { systemd, ...others } = request;
  if (systemd === undefined) return request;
  if (systemd === "true" && !isInit(commandLine(request, image.defaults)[0] ?? "")) return others;
  checkMachine(request, facts);
  checkProcess(request);
  return { ...others, systemd: "always", stopSignal: request.stopSignal ?? image.stopSignal ?? HALT };
}

/** Refuses a user that systemd cannot run as. @throws ENGINE_REQUEST */
export function checkSystemdUser(request: CreateContainerRequest, { uid }: { readonly uid: number }): void {
  if (!runsSystemd(request) || uid === 0) return;
  throw refuse(request, `systemd manages a system as root only, and the user is ${uid}`, "use --user root");
}

/** Whether a program is what systems begin with; the names are podman's. */
function isInit(program: string): boolean {
  if (["/sbin/init", "/usr/sbin/init", "/usr/local/sbin/init"].includes(program)) return true;
  return program.slice(program.lastIndexOf("/") + 1) === "systemd";
}

/** systemd has ended its support of cgroup v1 (version 258), where no part of a hierarchy can be handed over safely. */
function checkMachine(request: CreateContainerRequest, { groups, mounts }: HostFacts): void {
  const isThere =
    mounts.some(({ type }) => type === "cgroup2") && groups.some((each) => each.hierarchy === 0);
  if (isThere) return;
  throw engineError(
    "UNSUPPORTED",
    `cannot use ${placeOf(request)}: systemd needs cgroup v2, which is not mounted`,
    {
      hint: "mount it, also beside v1: mkdir -p /sys/fs/cgroup/unified; mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified",
      details: { pointer: placeOf(request) },
    },
  );
}

function checkProcess(request: CreateContainerRequest): void {
  const { init, namespaces, runtime } = request;
  const { pid, cgroup } = namespaces;
  if (runtime !== undefined)
    throw refuse(
      request,
      `runtime ${runtime} cannot do that: what systemd needs tug makes itself`,
      "use --runtime tug",
    );
  if (init) throw refuse(request, "systemd is process 1 itself", "leave --init out");
  if (pid?.mode === "host" || pid?.mode === "container")
    throw refuse(request, "systemd is process 1 of a process namespace of its own", "leave --pid out");
  if (cgroup?.mode === "host")
    throw refuse(
      request,
      "systemd would make control groups among the machine's own",
      "leave --cgroupns out",
    );
}

function placeOf({ from }: CreateContainerRequest): string {
  return from.systemd ?? "/HostConfig/Systemd";
}

function refuse(request: CreateContainerRequest, reason: string, hint: string): Error {
  const pointer = placeOf(request);
  return engineError("REQUEST", `invalid ${pointer}: ${reason}`, { hint, details: { pointer } });
}
