import type {
  memoryPolicyFlags,
  memoryPolicyModes,
  namespaceTypes,
  personalityDomains,
  propagationModes,
} from "./constants.ts";
import type { LinuxResources } from "./types-resources.ts";
import type { LinuxSeccomp } from "./types-seccomp.ts";

/**
 * The Linux part of a configuration.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md
 */
export type Linux = {
  /** No type twice. */
  namespaces?: readonly LinuxNamespace[];
  uidMappings?: readonly LinuxIdMapping[];
  gidMappings?: readonly LinuxIdMapping[];
  timeOffsets?: { monotonic?: LinuxTimeOffset; boottime?: LinuxTimeOffset };
  devices?: readonly LinuxDevice[];
  /** By name of the device on the host. */
  netDevices?: Readonly<Record<string, LinuxNetDevice>>;
  cgroupsPath?: string;
  resources?: LinuxResources;
  intelRdt?: LinuxIntelRdt;
  memoryPolicy?: LinuxMemoryPolicy;
  /** Keys as given: dots, or slashes, separate the steps. */
  sysctl?: Readonly<Record<string, string>>;
  seccomp?: LinuxSeccomp;
  rootfsPropagation?: PropagationMode;
  maskedPaths?: readonly string[];
  readonlyPaths?: readonly string[];
  mountLabel?: string;
  personality?: LinuxPersonality;
};

export type NamespaceType = (typeof namespaceTypes)[number];

/** A namespace to make, or with an absolute `path` to join. */
export type LinuxNamespace = { type: NamespaceType; path?: string };

/** A range of ids. The ranges of one list do not overlap on either side. */
export type LinuxIdMapping = { containerID: number; hostID: number; size: number };

/** What a clock of a time namespace shows more than the host's. `nanosecs` is less than 10^9. */
export type LinuxTimeOffset = { secs?: bigint; nanosecs?: number };

/**
 * A device node that must exist. `u` is another name for `c`, `p` is a FIFO and has no numbers.
 * `fileMode` holds permission bits only: file type bits, which some callers leave in, are cut off.
 */
export type LinuxDevice = {
  path: string;
  type: "c" | "b" | "u" | "p";
  major?: number;
  minor?: number;
  fileMode?: number;
  uid?: number;
  gid?: number;
};

/** A network device to move in; `name` is the new name and may end in the template `%d`. */
export type LinuxNetDevice = { name?: string };

/** Source: https://docs.kernel.org/filesystems/resctrl.html */
export type LinuxIntelRdt = {
  closID?: string;
  schemata?: readonly string[];
  l3CacheSchema?: string;
  memBwSchema?: string;
  enableMonitoring?: boolean;
};

/** Source: set_mempolicy(2) */
export type LinuxMemoryPolicy = {
  mode: (typeof memoryPolicyModes)[number];
  nodes?: string;
  flags?: readonly (typeof memoryPolicyFlags)[number][];
};

/** Source: personality(2). No flag is defined; what the file lists is ignored with a warning. */
export type LinuxPersonality = { domain: (typeof personalityDomains)[number] };

export type PropagationMode = (typeof propagationModes)[number];
