import type { HostFacts } from "../host/index.ts";
import {
  memoryPolicyFlags,
  memoryPolicyModes,
  namespaceTypes,
  OCI_RUNTIME_VERSION,
  seccompActions,
  seccompFlags,
  seccompOperators,
} from "../specs/oci-runtime/index.ts";
import { capabilityNames } from "./capabilities.ts";
import { knownMountOptions } from "./planner/mount-options.ts";
import { architectureNames } from "./seccomp/index.ts";

/**
 * What can be asked of this runtime, whether or not the machine can do it.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/features.md
 */
export type Features = {
  readonly ociVersionMin: string;
  readonly ociVersionMax: string;
  readonly hooks: readonly string[];
  readonly mountOptions: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly linux: {
    readonly namespaces: readonly string[];
    readonly capabilities: readonly string[];
    readonly cgroup: Readonly<Record<"v1" | "v2" | "systemd" | "systemdUser" | "rdma", boolean>>;
    readonly seccomp: {
      readonly enabled: boolean;
      readonly actions: readonly string[];
      readonly operators: readonly string[];
      readonly archs: readonly string[];
      readonly knownFlags: readonly string[];
      readonly supportedFlags: readonly string[];
    };
    readonly apparmor: Enabled;
    readonly selinux: Enabled;
    readonly intelRdt: Enabled & { readonly schemata: boolean; readonly monitoring: boolean };
    readonly memoryPolicy: { readonly modes: readonly string[]; readonly flags: readonly string[] };
    readonly mountExtensions: { readonly idmap: Enabled };
    readonly netDevices: Enabled;
  };
};

type Enabled = { readonly enabled: boolean };

/** The features that there are; what a plan refuses is not among them. */
export function runtimeFeatures({ architecture }: Pick<HostFacts, "architecture">): Features {
  return {
    ociVersionMin: "1.0.0",
    ociVersionMax: OCI_RUNTIME_VERSION,
    hooks: ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"],
    mountOptions: knownMountOptions(),
    annotations: {},
    linux: {
      namespaces: [...namespaceTypes].sort(),
      capabilities: capabilityNames,
      cgroup: { v1: true, v2: true, systemd: true, systemdUser: false, rdma: true },
      seccomp: {
        enabled: true,
        actions: [...seccompActions].sort(),
        operators: [...seccompOperators].sort(),
        archs: architectureNames(architecture),
        knownFlags: seccompFlags,
        supportedFlags: seccompFlags,
      },
      apparmor: { enabled: true },
      selinux: { enabled: true },
      intelRdt: { enabled: true, schemata: true, monitoring: true },
      memoryPolicy: { modes: memoryPolicyModes, flags: memoryPolicyFlags },
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: true },
    },
  };
}
