import { readFile } from "node:fs/promises";
import { TugError } from "../../base/index.ts";
import { parseProcessStatus } from "../../host/index.ts";
import type { LinuxIdMapping, Spec } from "../../specs/oci-runtime/index.ts";
import { lifecycleError } from "../errors.ts";
import type { UnprivilegedCaller } from "../planner/id-maps.ts";
import { callerName } from "./caller-name.ts";

type Explanation = { readonly what: string; readonly hint: string };

/**
 * What a failed plan of a caller without privileges, or for resctrl, means, where files of the machine tell more than
 * the errno.
 *
 * @param resctrl where that is mounted; it must not have been written to since
 * @returns the error itself where they do not
 */
export async function explainFailure(
  error: unknown,
  {
    spec,
    caller,
    resctrl,
  }: { spec: Spec; caller: UnprivilegedCaller | undefined; resctrl?: string | undefined },
): Promise<unknown> {
  if (!(error instanceof TugError)) return error;
  if (resctrl !== undefined && error.details.from === "/linux/intelRdt")
    return await inWordsOf(resctrl, error);
  if (caller === undefined) return error;
  const explanation = await explain(error.details, spec, caller);
  if (explanation === undefined) return error;
  const { what, hint } = explanation;
  return lifecycleError("UNPRIVILEGED", `cannot ${what}`, { hint, details: error.details, cause: error });
}

/** Source: https://docs.kernel.org/filesystems/resctrl.html last_cmd_status */
async function inWordsOf(resctrl: string, error: TugError): Promise<Error> {
  const words = (await textOf(`${resctrl}/info/last_cmd_status`)).trim();
  if (words === "" || words === "ok") return error;
  return lifecycleError("RESCTRL", `${error.message}: ${words}`, { details: error.details, cause: error });
}

async function explain(
  { op, call, errno, path }: TugError["details"],
  { linux }: Spec,
  { uid, gid }: UnprivilegedCaller,
): Promise<Explanation | undefined> {
  if (op === "directory" && (errno === "EACCES" || errno === "EROFS")) {
    return {
      what: `keep the container in ${path}: the caller may not make it`,
      hint: "set XDG_RUNTIME_DIR, or give --root",
    };
  }
  if (op !== "userNamespace") return undefined;
  if (call === "clone3") return await forbiddenBy();
  if (call !== "map") return undefined;
  return (
    (await missingRange("/etc/subuid", { id: uid, mappings: linux?.uidMappings, member: "uidMappings" })) ??
    (await missingRange("/etc/subgid", { id: gid, mappings: linux?.gidMappings, member: "gidMappings" })) ??
    (await mappersAreTamed())
  );
}

/** Settings by which a machine forbids user namespaces: Debian's, the kernel's own, AppArmor's. */
const switches: readonly (readonly [name: string, forbids: string])[] = [
  ["kernel.unprivileged_userns_clone", "0"],
  ["user.max_user_namespaces", "0"],
  ["kernel.apparmor_restrict_unprivileged_userns", "1"],
];

async function forbiddenBy(): Promise<Explanation | undefined> {
  for (const [name, forbids] of switches) {
    if ((await textOf(`/proc/sys/${name.replaceAll(".", "/")}`)).trim() !== forbids) continue;
    return {
      what: `make the user namespace (config.json#/linux/namespaces): ${name} is ${forbids}, which forbids it without privileges`,
      hint: "have the machine's administrator change it",
    };
  }
  return undefined;
}

type Wanted = {
  /** The caller's own, which needs no entry. */
  readonly id: number;
  readonly mappings: readonly LinuxIdMapping[] | undefined;
  readonly member: string;
};

/** The first mapping that the files of the program which writes the map do not allow. Source: subuid(5) */
async function missingRange(
  path: string,
  { id, mappings = [], member }: Wanted,
): Promise<Explanation | undefined> {
  const { uid, name } = callerName();
  const granted = subordinateIds(await textOf(path), [name, String(uid)]);
  const index = mappings.findIndex(
    (mapping) => !(mapping.hostID === id && mapping.size === 1) && !isGranted(granted, mapping),
  );
  const wanted = mappings[index];
  if (wanted === undefined) return undefined;
  const last = wanted.hostID + wanted.size - 1;
  const ids = wanted.size === 1 ? `id ${wanted.hostID}` : `ids ${wanted.hostID} to ${last}`;
  return {
    what: `map ${ids} of the host (config.json#/linux/${member}/${index}): ${path} does not give them to user ${name}`,
    hint: `have the machine's administrator add a line such as ${name}:${wanted.hostID}:${wanted.size}, or map what is there`,
  };
}

/** The ranges that lines `NAME:FIRST:COUNT` give to one of the names. */
export function subordinateIds(text: string, names: readonly string[]): LinuxIdRange[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", first = "", count = ""] = line.split(":");
    return names.includes(name) && /^\d+$/.test(first) && /^\d+$/.test(count)
      ? [{ first: Number(first), count: Number(count) }]
      : [];
  });
}

type LinuxIdRange = { readonly first: number; readonly count: number };

function isGranted(granted: readonly LinuxIdRange[], { hostID, size }: LinuxIdMapping): boolean {
  return granted.some(({ first, count }) => hostID >= first && hostID + size <= first + count);
}

async function mappersAreTamed(): Promise<Explanation | undefined> {
  if (!parseProcessStatus(await textOf("/proc/self/status")).noNewPrivileges) return undefined;
  return {
    what: "map other ids than the caller's own (config.json#/linux/uidMappings): with no_new_privs, newuidmap has no rights",
    hint: "call without no_new_privs, or map only the caller's own id",
  };
}

function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
