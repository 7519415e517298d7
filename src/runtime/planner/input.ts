import type { HostFacts } from "../../host/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import type { CgroupLayout } from "../cgroups/layout.ts";
import type { ResctrlGroup } from "../resctrl/index.ts";
import type { UnprivilegedCaller } from "./id-maps.ts";

/** What of a machine a plan depends on. Its mounts are none of it: containers make and remove them all the time. */
export type PlanFacts = Omit<HostFacts, "mounts">;

/** Not spread: that would read the machine's mounts. */
export function planFacts(facts: PlanFacts): PlanFacts {
  const { architecture, kernel, bootId, boundingCapabilities, userNamespace, security } = facts;
  const { cgroupMounts, groups } = facts;
  return {
    ...{ architecture, kernel, bootId, boundingCapabilities, userNamespace, security },
    ...{ cgroupMounts, groups },
  };
}

/** What the container's root file system is made of. */
export type RootSource =
  | { readonly kind: "directory" }
  | ScratchRoot
  | {
      readonly kind: "overlay";
      /** Topmost first. */
      readonly lowers: readonly string[];
      /** Absent for a read-only view. */
      readonly upper?: string;
      readonly work?: string;
      readonly options?: readonly string[];
    };

/** A root that is put together when it is needed. */
export type LayeredRoot = Exclude<RootSource, { readonly kind: "directory" }>;

/** A root that is a view of a directory of the host; what is written goes to memory and is gone with the container. */
export type ScratchRoot = { readonly kind: "scratch"; readonly lower: string };

/** Where a mount comes from, where the words of config.json cannot say it. */
export type MountSource = {
  /** Directories of the host, the topmost first: several are shown as one, read-only. */
  readonly layers: readonly string[];
  /** What in it is shown instead of all; links on the way lead nowhere outside. */
  readonly subpath?: string | undefined;
};

/** Where the master of a container's terminal goes. */
export type ConsoleTarget =
  /** To whoever listens on a unix socket. */
  | { readonly kind: "socket"; readonly path: string }
  /** To a connected socket that the helper inherits. */
  | { readonly kind: "descriptor"; readonly fd: number }
  /** To the helper's own terminal. */
  | { readonly kind: "own" };

/** How the process that made the container waits for it. */
export type Attendance =
  /** Leave when it is created. */
  | "create"
  /** Start it and leave. */
  | "detach"
  /** Start it, forward signals, wait for its end. */
  | "foreground";

/** Everything that decides what the plan for a new container is. */
export type CreateInput = {
  readonly id: string;
  readonly spec: Spec;
  /** Absolute path. */
  readonly bundle: string;
  /** Directory of the container below the runtime's root; absolute, must not exist. */
  readonly stateDir: string;
  /** Owner of the state directory as a number, for `list`. */
  readonly owner: number;
  readonly root: RootSource;
  /** By the destination of a mount of the spec, which is then attached as a bind mount of it is. */
  readonly mountSources?: ReadonlyMap<string, MountSource>;
  readonly facts: PlanFacts;
  /** A caller without CAP_SYS_ADMIN; absent: one with it. */
  readonly unprivileged?: UnprivilegedCaller | undefined;
  /** A network namespace for a container that has a new one, as the op `networkAhead` takes it. */
  readonly networkAhead?: string | undefined;
  /** Absent: no control group is made. */
  readonly cgroups?: CgroupLayout | undefined;
  /** The container's place in the resctrl file system. */
  readonly resctrl?: ResctrlGroup | undefined;
  /** What the container is shown of control groups, where it has none of its own in every hierarchy. */
  readonly visibleGroups?: CgroupLayout | undefined;
  /** The caller may set no rules for devices; what it cannot open itself, its containers cannot. */
  readonly withoutDeviceRules?: boolean | undefined;
  /** The group lies in another container's: in v2 that one's processes make room for it. */
  readonly insideContainer?: boolean | undefined;
  /** The container makes control groups of its own, as systemd does: it is given a part of v2 that has no limits of ours. */
  readonly delegates?: boolean | undefined;
  /** The unit of systemd that the group belongs to. */
  readonly unit?: string | undefined;
  readonly attendance: Attendance;
  /** Who waits for the container's end also removes it. */
  readonly removes?: boolean | undefined;
  readonly console?: ConsoleTarget | undefined;
  readonly pidFile?: string | undefined;
  /** Socket of the service manager that waits for the container to be ready: sd_notify(3). */
  readonly notifySocket?: string | undefined;
  /** Unix socket that gets a pidfd of init. */
  readonly pidfdSocket?: string | undefined;
  /** MS_MOVE instead of pivot_root. */
  readonly noPivot?: boolean;
  readonly noNewKeyring?: boolean;
  /** How many descriptors after standard error the program keeps. */
  readonly preserveFds?: number;
  /** Put a reaping pid 1 in front of the program. */
  readonly init?: boolean;
};
