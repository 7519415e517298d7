import { availableParallelism } from "node:os";
import type { HostFacts } from "../../host/index.ts";
import { signalNumber } from "../../runtime/index.ts";
import { engineError } from "../errors.ts";
import { logDrivers } from "../logs/log-settings.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import { containerCapabilities } from "../spec/capabilities.ts";
import { checkContainerName } from "./names.ts";

/** With less memory not even the helper gets as far as the container's program. The limit is Docker's. */
const LEAST_MEMORY = 6 * 1024 * 1024;

/** One CPU in the unit of `nanoCpus`. */
const CPU = 1_000_000_000;

/**
 * Says no to a request before anything is made for it, with the place that the user wrote and what to do instead. What
 * only the container's root file system or the kernel can tell is found out at the start.
 *
 * @throws ENGINE_CONTAINER_NAME, ENGINE_REQUEST, ENGINE_UNSUPPORTED, ENGINE_CAPABILITY
 */
export function checkRequest(request: CreateContainerRequest, facts: HostFacts): void {
  if (request.name !== undefined) checkContainerName(request.name);
  checkSupported(request);
  checkHostName(request);
  checkStopSignal(request);
  checkLimits(request);
  containerCapabilities(request.security, facts.boundingCapabilities);
}

function checkSupported(request: CreateContainerRequest): void {
  const { network, resources, namespaces, logging, storageOptions, from } = request;
  if (network.mode.kind !== "named" && (network.ports.length > 0 || network.publishAll)) {
    const what = `ports cannot be published: the container is on no network (${network.mode.kind})`;
    throw unsupported(what, "connect it with --network bridge, or use --network host without -p");
  }
  if (resources.blkioThrottles.length + resources.blkioWeightDevices.length > 0)
    throw unsupported("I/O limits of single devices are not there yet", "leave them out");
  if (Object.keys(storageOptions).length > 0)
    throw unsupported("the snapshotter has no options", "leave --storage-opt out", from.storageOptions);
  if (logging.driver !== undefined && !logDrivers.includes(logging.driver))
    throw unsupported(`there is no log driver ${logging.driver}`, `use one of ${logDrivers.join(", ")}`, {
      logDriver: logging.driver,
    });
  if (namespaces.user !== undefined && namespaces.user.mode !== "host")
    throw unsupported("user namespaces are not there yet", "leave --userns out");
}

/** It is written into files of the container: a line break or a space would say more than a name. */
function checkHostName({ hostname, from }: CreateContainerRequest): void {
  if (hostname === undefined || /^[\w.-]+$/.test(hostname)) return;
  throw refuse(from.hostname, `${JSON.stringify(hostname)} is no host name`, "use letters, digits, - and .");
}

function checkStopSignal({ stopSignal, from }: CreateContainerRequest): void {
  if (stopSignal === undefined) return;
  try {
    signalNumber(stopSignal);
  } catch {
    const hint = "give a number or a name of signal(7), with or without SIG";
    throw refuse(from.stopSignal, `unknown signal ${JSON.stringify(stopSignal)}`, hint);
  }
}

/** Says no to limits that this machine cannot have. @throws ENGINE_REQUEST */
export function checkLimits({ resources, from }: CreateContainerRequest): void {
  const { memory, nanoCpus, cpuQuota } = resources;
  if (memory !== undefined && memory < LEAST_MEMORY) {
    throw refuse(from["resources.memory"], `${memory} bytes are less than 6 MB, the least possible`);
  }
  const cpus = availableParallelism();
  if (nanoCpus !== undefined && nanoCpus > cpus * CPU) {
    const reason = `${nanoCpus / CPU} is more than the machine has`;
    throw refuse(from["resources.nanoCpus"], reason, `the range is from 0.01 to ${cpus}`);
  }
  if (nanoCpus !== undefined && cpuQuota !== undefined) {
    throw refuse(
      from["resources.nanoCpus"],
      "it and a CPU quota exclude each other",
      "leave one of them out",
    );
  }
}

function refuse(pointer: string | undefined, reason: string, hint?: string): Error {
  return engineError("REQUEST", `invalid ${pointer ?? "request"}: ${reason}`, {
    ...(hint !== undefined && { hint }),
    ...(pointer !== undefined && { details: { pointer } }),
  });
}

function unsupported(reason: string, hint: string, place?: string | { readonly logDriver: string }): Error {
  const details = typeof place === "string" ? { pointer: place } : place;
  return engineError("UNSUPPORTED", `cannot create the container: ${reason}`, {
    hint,
    ...(details && { details }),
  });
}
