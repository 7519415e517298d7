import { readFile } from "node:fs/promises";
import { parseCgroup } from "../../host/index.ts";
import { connectSystemd, type SystemdManager } from "../../systemd/index.ts";
import { property } from "../cgroups/unit-properties.ts";
import { lifecycleError } from "../errors.ts";
import type { RuntimeContext } from "./runtime.ts";

/** Where a user's units are that name no slice. Source: https://github.com/opencontainers/runc/blob/v1.3.0/docs/systemd.md */
const USERS_SLICE = "user.slice";

/**
 * The context of a container that is to be in a unit of systemd: of the machine's, or, for a caller who is not root of the
 * machine, of its own.
 *
 * @throws CONTAINER_UNPRIVILEGED where such a caller has none, SYSTEMD_CONNECT
 */
export async function withUnitHome(context: RuntimeContext): Promise<RuntimeContext> {
  const { systemd, unprivileged, facts } = context;
  if (systemd !== undefined) {
    using manager = await connectSystemd(systemd);
    return { ...context, unitHome: { group: await manager.controlGroup(), slice: USERS_SLICE } };
  }
  if (unprivileged === undefined && !facts.userNamespace) return context;
  throw lifecycleError(
    "UNPRIVILEGED",
    "cannot make control groups through systemd: only root may ask the machine's, and nothing tells of one of the caller's own",
    {
      hint: "set XDG_RUNTIME_DIR, as a login does, or run without --systemd-cgroup",
    },
  );
}

/**
 * Has the systemd of a caller who is not root of the machine take this process into a scope of its own, unless it is below
 * that one's control group already: from elsewhere, such as a login's session, nobody but root may move a process there.
 * systemd may, because the machine's does it for its users'. What is started from then on begins there, too.
 *
 * Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#delegation-containment, org.freedesktop.systemd1(5)
 * "AttachProcessesToUnit()"
 * @throws CONTAINER_UNPRIVILEGED
 */
export async function enterUnitHome({ systemd }: RuntimeContext): Promise<void> {
  if (systemd === undefined) return;
  using manager = await connectSystemd(systemd);
  const home = await manager.controlGroup();
  const isThere = (group: string): boolean => `${group}/`.startsWith(`${home}/`);
  const from = await ownGroup();
  if (isThere(from)) return;
  const moved = await moveThere(manager).then(
    async () => isThere(await ownGroup()),
    (error: Error) => error,
  );
  if (moved === true) return;
  const [reason, cause] = moved === false ? ["it stays there", undefined] : [moved.message, moved];
  throw lifecycleError(
    "UNPRIVILEGED",
    `cannot put a process into a unit of the caller's systemd: the caller runs in ${from}, outside of that one's control group ${home}, and cannot be moved: ${reason}`,
    { hint: "put the command behind: systemd-run --user --scope", cause },
  );
}

function moveThere(manager: SystemdManager): Promise<void> {
  return manager.startTransientUnit(`tug-oci-${process.pid}.scope`, [
    property("Description", "s", "tug-oci"),
    property("Slice", "s", USERS_SLICE),
    property("PIDs", "au", [process.pid]),
    property("CollectMode", "s", "inactive-or-failed"),
  ]);
}

async function ownGroup(): Promise<string> {
  const groups = parseCgroup(await readFile("/proc/self/cgroup", "utf8"));
  return groups.find(({ hierarchy }) => hierarchy === 0)?.path ?? "/";
}
