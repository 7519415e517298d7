import {
  memoryPolicyFlags,
  memoryPolicyModes,
  namespaceTypes,
  personalityDomains,
  propagationModes,
} from "./constants.ts";
import { deviceMajor, deviceMinor, readResources } from "./parse-resources.ts";
import { readSeccomp } from "./parse-seccomp.ts";
import {
  type At,
  below,
  list,
  map,
  object,
  optional,
  type Reader,
  refine,
  refuse,
  required,
} from "./read.ts";
import {
  absolutePath,
  boolean,
  id,
  int64,
  integer,
  oneOf,
  orNothing,
  ranges,
  text,
  textOrNothing,
  uint32,
  unique,
} from "./scalars.ts";
import type {
  Linux,
  LinuxDevice,
  LinuxIdMapping,
  LinuxIntelRdt,
  LinuxMemoryPolicy,
  LinuxNamespace,
  LinuxNetDevice,
  LinuxPersonality,
  LinuxTimeOffset,
} from "./types-linux.ts";

const namespace: Reader<LinuxNamespace> = object<LinuxNamespace>({
  type: required(oneOf(namespaceTypes)),
  path: optional(orNothing(absolutePath)),
});

const idMapping: Reader<LinuxIdMapping> = object<LinuxIdMapping>({
  containerID: required(id),
  hostID: required(id),
  size: required(integer(1, 0xffffffff)),
});

/**
 * Reads mappings of ids. The kernel takes at most 340 and none that overlap or leave 32 bits.
 * Source: user_namespaces(7)
 */
export const idMappings: Reader<readonly LinuxIdMapping[]> = refine(list(idMapping), (value, at) => {
  if (value.length > 340) {
    throw refuse(at, `it has ${value.length} entries`, "merge them: the kernel takes at most 340");
  }
  checkRanges(value, "containerID", at);
  checkRanges(value, "hostID", at);
  return value;
});

function checkRanges(mappings: readonly LinuxIdMapping[], side: "containerID" | "hostID", at: At): void {
  const sorted = [...mappings.entries()].sort(([, a], [, b]) => a[side] - b[side]);
  let free = 0;
  for (const [index, mapping] of sorted) {
    const place = below(below(at, index), side);
    if (mapping[side] < free) throw refuse(place, "it overlaps another entry", "make the ranges disjoint");
    free = mapping[side] + mapping.size;
    if (free > 0xffffffff) throw refuse(place, "its range ends above 4294967294", "make the range smaller");
  }
}

/** Source: include/vdso/time64.h NSEC_PER_SEC, checked in kernel/time/namespace.c */
const timeOffset: Reader<LinuxTimeOffset> = object<LinuxTimeOffset>({
  secs: optional(int64),
  nanosecs: optional(integer(0, 999_999_999)),
});

const clocks = ["monotonic", "boottime"] as const;

const timeOffsets = refine(
  map(timeOffset, (key, at) => {
    if (clocks.some((clock) => clock === key)) return;
    throw refuse(at, "a time namespace has no such clock", `use ${clocks.join(" or ")}`);
  }),
  (value) => (Object.keys(value).length === 0 ? undefined : value),
);

const permissionBits = refine(uint32, (value) => value & 0o7777);

const device: Reader<LinuxDevice> = refine(
  object<LinuxDevice>({
    path: required(absolutePath),
    type: required(oneOf(["c", "b", "u", "p"])),
    major: optional(deviceMajor),
    minor: optional(deviceMinor),
    fileMode: optional(permissionBits),
    uid: optional(id),
    gid: optional(id),
  }),
  (value, at) => {
    for (const member of ["major", "minor"] as const) {
      if (value[member] !== undefined || value.type === "p") continue;
      throw refuse(below(at, member), "it is missing", `give the ${member} number of the device`);
    }
    return value;
  },
);

/** Source: net/core/dev.c dev_valid_name; a name has at most 15 bytes. */
function checkInterface(name: string, at: At): void {
  const fits = Buffer.byteLength(name) <= 15 && name !== "." && name !== ".." && /^[^/:\s\0]+$/.test(name);
  if (!fits) {
    throw refuse(
      at,
      `${JSON.stringify(name)} is no name of a network device`,
      "use at most 15 letters and digits",
    );
  }
}

const netDevice: Reader<LinuxNetDevice> = object<LinuxNetDevice>({
  name: optional(
    orNothing(
      refine(text, (name, at) => {
        checkInterface(name, at);
        if (!name.includes("%") || /^[^%]*%d[^%]*$/.test(name)) return name;
        throw refuse(at, `${JSON.stringify(name)} is no template of a name`, "use one %d, as in eth%d");
      }),
    ),
  ),
});

const oneLine: Reader<string> = refine(text, (value, at) => {
  if (!value.includes("\n")) return value;
  throw refuse(at, "it has more than one line", "remove the line break");
});

const schema = (prefix: string): Reader<string> =>
  refine(oneLine, (value, at) => {
    if (value.startsWith(prefix)) return value;
    throw refuse(at, `it does not begin with ${prefix}`, `write ${prefix} and then the values`);
  });

const closId: Reader<string> = refine(text, (value, at) => {
  if (value === "/" || !(value === "." || value === ".." || value.includes("/"))) return value;
  throw refuse(at, `${JSON.stringify(value)} is no class of service`, "use / or a name without slashes");
});

const intelRdt: Reader<LinuxIntelRdt> = object<LinuxIntelRdt>({
  closID: optional(orNothing(closId)),
  schemata: optional(list(oneLine)),
  l3CacheSchema: optional(orNothing(oneLine)),
  memBwSchema: optional(orNothing(schema("MB:"))),
  enableMonitoring: optional(boolean),
});

/** Source: set_mempolicy(2) */
const memoryPolicy: Reader<LinuxMemoryPolicy> = refine(
  object<LinuxMemoryPolicy>({
    mode: required(oneOf(memoryPolicyModes)),
    nodes: optional(ranges),
    flags: optional(list(oneOf(memoryPolicyFlags))),
  }),
  (value, at) => {
    const { mode, nodes } = value;
    const takesNone = mode === "MPOL_DEFAULT" || mode === "MPOL_LOCAL";
    const place = below(at, "nodes");
    if (takesNone && nodes !== undefined) throw refuse(place, `${mode} takes no nodes`, "remove them");
    if (!takesNone && mode !== "MPOL_PREFERRED" && nodes === undefined) {
      throw refuse(place, `${mode} needs at least one node`, "list nodes, such as 0-3,7");
    }
    return value;
  },
);

const domain: Reader<LinuxPersonality> = object<LinuxPersonality>({
  domain: required(oneOf(personalityDomains)),
});

const personality: Reader<LinuxPersonality> = (value, at) => {
  const flags = (value as { flags?: unknown })?.flags;
  if (Array.isArray(flags) && flags.length > 0) {
    const { pointer } = below(at, "flags");
    at.warnings.push({ pointer, message: "personality flags are ignored: none is defined" });
  }
  return domain(value, at);
};

/** A key becomes a path below /proc/sys, so no step of it may lead elsewhere. */
function checkSysctl(key: string, at: At): void {
  const steps = key.split(/[./]/);
  if (!key.includes("\0") && steps.every((step) => step !== "")) return;
  throw refuse(at, "its name is no kernel parameter", "use a name such as net.ipv4.ip_forward");
}

/** Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md */
export const readLinux: Reader<Linux> = object<Linux>({
  namespaces: optional(unique(list(namespace), (each) => each.type, "type")),
  uidMappings: optional(idMappings),
  gidMappings: optional(idMappings),
  timeOffsets: optional(timeOffsets),
  devices: optional(list(device)),
  netDevices: optional(map(netDevice, checkInterface)),
  cgroupsPath: optional(textOrNothing),
  resources: optional(readResources),
  intelRdt: optional(intelRdt),
  memoryPolicy: optional(memoryPolicy),
  sysctl: optional(map(text, checkSysctl)),
  seccomp: optional(readSeccomp),
  rootfsPropagation: optional(orNothing(oneOf(propagationModes))),
  maskedPaths: optional(list(absolutePath)),
  readonlyPaths: optional(list(absolutePath)),
  mountLabel: optional(textOrNothing),
  personality: optional(personality),
});
