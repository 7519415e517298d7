import { type At, below, refuse } from "./read.ts";
import type { Spec } from "./types.ts";
import type { Linux, NamespaceType } from "./types-linux.ts";

/**
 * Refuses configurations whose parts contradict each other. These are the rules of runc's
 * libcontainer/configs/validate/validator.go that need no look at the host: what callers write for runc passes.
 */
export function checkSpec(spec: Spec, at: At): Spec {
  const linux = spec.linux ?? {};
  checkNames(spec, linux, at);
  const place = below(at, "linux");
  checkPaths(linux, place);
  checkUserNamespace(linux, place);
  checkTimeNamespace(linux, place);
  checkNetDevices(linux, place);
  for (const [key, value] of Object.entries(linux.sysctl ?? {})) {
    const parameter = below(below(place, "sysctl"), key);
    checkSysctl(key, linux, parameter);
    if (dotted(key) === "kernel.domainname" && (spec.domainname ?? value) !== value)
      throw refuse(parameter, `domainname says ${spec.domainname}`, "remove one of the two");
  }
  return spec;
}

function has(linux: Linux, type: NamespaceType): boolean {
  return linux.namespaces?.some((each) => each.type === type) ?? false;
}

function needs(type: NamespaceType): string {
  return `add {"type": "${type}"} to linux.namespaces or remove it`;
}

function checkNames(spec: Spec, linux: Linux, at: At): void {
  for (const member of ["hostname", "domainname"] as const) {
    if (spec[member] === undefined || has(linux, "uts")) continue;
    throw refuse(below(at, member), "it would change the host's: there is no uts namespace", needs("uts"));
  }
}

function checkPaths(linux: Linux, at: At): void {
  for (const member of ["maskedPaths", "readonlyPaths"] as const) {
    if ((linux[member]?.length ?? 0) === 0 || has(linux, "mount")) continue;
    throw refuse(below(at, member), "it would hide the host's: there is no mount namespace", needs("mount"));
  }
}

function checkUserNamespace(linux: Linux, at: At): void {
  const namespace = linux.namespaces?.find((each) => each.type === "user");
  for (const member of ["uidMappings", "gidMappings"] as const) {
    const mapped = (linux[member]?.length ?? 0) > 0;
    const place = below(at, member);
    if (namespace === undefined && mapped) throw refuse(place, "there is no user namespace", needs("user"));
    // containerd and CRI-O give both a path and the mappings of the namespace at that path.
    if (namespace !== undefined && namespace.path === undefined && !mapped) {
      throw refuse(
        place,
        "a new user namespace needs mappings",
        "map at least one id, or give a path to join",
      );
    }
  }
}

function checkTimeNamespace(linux: Linux, at: At): void {
  if (linux.timeOffsets === undefined) return;
  const namespace = linux.namespaces?.find((each) => each.type === "time");
  const place = below(at, "timeOffsets");
  if (namespace === undefined) throw refuse(place, "there is no time namespace", needs("time"));
  if (namespace.path !== undefined) {
    throw refuse(
      place,
      "the clocks of a joined namespace cannot be set",
      "remove it or the namespace's path",
    );
  }
}

function checkNetDevices(linux: Linux, at: At): void {
  const devices = Object.entries(linux.netDevices ?? {});
  const place = below(at, "netDevices");
  if (devices.length > 0 && !has(linux, "network"))
    throw refuse(place, "there is no network namespace to move them to", needs("network"));
  const taken = new Set<string>();
  for (const [device, { name = device }] of devices) {
    if (taken.has(name) && !name.includes("%"))
      throw refuse(below(place, device), `another device is called ${name}, too`, "give it another name");
    taken.add(name);
  }
}

const ipcParameters = new Set([
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
]);

/** The namespace that a kernel parameter belongs to, or undefined for one of the whole machine. */
function namespaceOf(parameter: string): NamespaceType | undefined {
  if (ipcParameters.has(parameter) || parameter.startsWith("fs.mqueue.")) return "ipc";
  if (parameter.startsWith("net.")) return "network";
  if (parameter.startsWith("user.")) return "user";
  return parameter === "kernel.domainname" || parameter === "kernel.hostname" ? "uts" : undefined;
}

function checkSysctl(key: string, linux: Linux, at: At): void {
  const parameter = dotted(key);
  const type = namespaceOf(parameter);
  if (type === undefined) {
    throw refuse(at, `${parameter} belongs to the whole machine`, "set it on the host");
  }
  if (!has(linux, type))
    throw refuse(at, `it would change the host's: there is no ${type} namespace`, needs(type));
  if (parameter === "kernel.hostname")
    throw refuse(at, "the host name has a member of its own", "use hostname");
}

/**
 * The form with dots of a parameter's name. Where the first separator is a slash, slashes separate and dots belong
 * to a step. Source: sysctl.d(5)
 */
function dotted(key: string): string {
  const first = /[./]/.exec(key)?.[0];
  if (first !== "/") return key;
  return key.replace(/[./]/g, (separator) => (separator === "/" ? "." : "/"));
}
