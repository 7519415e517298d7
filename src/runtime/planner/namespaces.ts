import { cloneFlags, NO_NETWORK_AHEAD, type Slot } from "../../plan/index.ts";
import type { Linux, NamespaceType } from "../../specs/oci-runtime/index.ts";
import type { PlanBuilder } from "./builder.ts";
import { userNamespaceMaps } from "./id-maps.ts";
import type { CreateInput } from "./input.ts";

/** The clone(2) flag of each kind of namespace. */
export const namespaceFlags: Readonly<Record<NamespaceType, number>> = {
  mount: cloneFlags.NEWNS,
  cgroup: cloneFlags.NEWCGROUP,
  uts: cloneFlags.NEWUTS,
  ipc: cloneFlags.NEWIPC,
  user: cloneFlags.NEWUSER,
  pid: cloneFlags.NEWPID,
  network: cloneFlags.NEWNET,
  time: cloneFlags.NEWTIME,
};

/** What the rest of the planner asks about a container's namespaces. */
export type NamespacePlan = {
  /** Flags for the clone that makes the container's process. */
  readonly cloneFlags: number;
  /** Flags for unshare in the container's process, after it has joined its groups. */
  readonly unshareFlags: number;
  /** Namespace files to enter, in this order, before the clone. */
  readonly join: readonly Slot[];
  /** A new time namespace with clocks of its own, which the stage has to make; else it is made by the clone. */
  readonly clocks: string | undefined;
  /** The clone makes a network namespace. */
  readonly network: boolean;
  /** One that was made ahead, or nothing: the container's process enters it, or makes its own. Absent: it does neither. */
  readonly ownNetwork: Slot | undefined;
  /** The container has a user namespace, new or joined. */
  readonly user: boolean;
  /** The container is in a user namespace, its own or the caller's: the kernel refuses it nodes and some file systems. */
  readonly restricted: boolean;
  /** A new pid namespace. */
  readonly pid: boolean;
  /** Its descriptor, where there is one. */
  readonly userSlot: Slot | undefined;
};

/**
 * Opens or makes the namespaces in the host list.
 *
 * A new user namespace is made first, in a throw-away child, so that every other new namespace belongs to it and every
 * later descriptor is opened by one process. A namespace that already exists is entered before the user namespace: it
 * belongs to another one, in which the new one grants nothing.
 */
export function planNamespaces(
  builder: PlanBuilder,
  input: Pick<CreateInput, "spec" | "facts" | "unprivileged" | "networkAhead">,
): NamespacePlan {
  const { spec, facts, unprivileged, networkAhead: name = NO_NETWORK_AHEAD } = input;
  const namespaces = spec.linux?.namespaces ?? [];
  const ownNetwork = hasOwnNetwork(input) ? builder.slot() : undefined;
  const joined: { type: NamespaceType; slot: Slot }[] = [];
  let clone = 0;
  let unshare = 0;
  let userSlot: Slot | undefined;
  const clocks = clockOffsets(spec.linux?.timeOffsets);
  for (const [index, { type, path }] of namespaces.entries()) {
    const from = `/linux/namespaces/${index}`;
    if (path !== undefined) {
      const out = builder.slot();
      builder.host.push({ op: "openNamespace", from, path, kind: namespaceFlags[type], out });
      joined.push({ type, slot: out });
      if (type === "user") userSlot = out;
    } else if (type === "user") {
      userSlot = builder.slot();
      builder.host.push({
        op: "userNamespace",
        from,
        ...userNamespaceMaps(spec, unprivileged),
        out: userSlot,
      });
      joined.push({ type, slot: userSlot });
    } else if (type === "cgroup") unshare |= namespaceFlags[type];
    else if (type === "network" && ownNetwork !== undefined)
      builder.host.push({ op: "networkAhead", from, name, out: ownNetwork });
    else if (type !== "time" || clocks === undefined) clone |= namespaceFlags[type];
  }
  return {
    cloneFlags: clone,
    unshareFlags: unshare,
    clocks,
    network: (clone & namespaceFlags.network) !== 0,
    ownNetwork,
    join: joined.sort((a, b) => joinRank(a.type) - joinRank(b.type)).map(({ slot }) => slot),
    user: userSlot !== undefined,
    restricted: userSlot !== undefined || facts.userNamespace,
    pid: (clone & namespaceFlags.pid) !== 0,
    userSlot,
  };
}

/**
 * Whether the container has a new network namespace that may have been made before it: one that belongs to the user
 * namespace of the host, and that nothing is moved into from outside while init begins.
 */
export function hasOwnNetwork({
  spec,
  facts,
  unprivileged,
}: Pick<CreateInput, "spec" | "facts" | "unprivileged">): boolean {
  const { namespaces = [], netDevices = {} } = spec.linux ?? {};
  const isNew = namespaces.some(({ type, path }) => type === "network" && path === undefined);
  const isMapped = facts.userNamespace || namespaces.some(({ type }) => type === "user");
  return isNew && !isMapped && unprivileged === undefined && Object.keys(netDevices).length === 0;
}

/** Everything before the user namespace but the mount namespace, which is entered last: it takes the paths away. */
function joinRank(type: NamespaceType): number {
  return type === "mount" ? 2 : type === "user" ? 1 : 0;
}

/** The text for /proc/PID/timens_offsets. Source: time_namespaces(7) */
function clockOffsets(offsets: Linux["timeOffsets"]): string | undefined {
  const lines = Object.entries(offsets ?? {}).map(
    ([clock, { secs = 0n, nanosecs = 0 }]) => `${clock} ${secs} ${nanosecs}\n`,
  );
  return lines.length === 0 ? undefined : lines.join("");
}
