import {
  type At,
  list,
  map,
  object,
  optional,
  type Reader,
  refine,
  refuse,
  required,
  unexpected,
} from "./read.ts";
import {
  boolean,
  filledText,
  int64,
  integer,
  kernelRanges,
  limit,
  oneOf,
  orNothing,
  text,
  uint16,
  uint32,
  uint64,
} from "./scalars.ts";
import type {
  LinuxBlockIo,
  LinuxCpu,
  LinuxDeviceCgroup,
  LinuxHugepageLimit,
  LinuxInterfacePriority,
  LinuxMemory,
  LinuxNetwork,
  LinuxPids,
  LinuxRdma,
  LinuxResources,
  LinuxThrottleDevice,
  LinuxWeightDevice,
} from "./types-resources.ts";

/** Numbers of a device: 12 and 20 bits. Source: include/linux/kdev_t.h MINORBITS */
export const deviceMajor: Reader<number> = integer(0, 0xfff);
export const deviceMinor: Reader<number> = integer(0, 0xfffff);

/**
 * -1 is "any", as runc reads it. Rules, unlike nodes, may name any 32-bit number: they come from callers that copy
 * what stat(2) said.
 */
const anyOrNumber = integer(-1, 0xffffffff);

/** The specification lets `access` be absent without saying what that means; runc refuses it, and so do we. */
const access: Reader<string> = refine(text, (value, at) => {
  if (/^[rwm]{1,3}$/.test(value)) return value;
  throw unexpected(at, value, "a combination of r, w and m", "write rwm to mean every access");
});

const deviceRule: Reader<LinuxDeviceCgroup> = object<LinuxDeviceCgroup>({
  allow: required(boolean),
  type: optional(orNothing(oneOf(["a", "c", "b"]))),
  major: optional(anyOrNumber),
  minor: optional(anyOrNumber),
  access: required(access),
});

const memory: Reader<LinuxMemory> = object<LinuxMemory>({
  limit: optional(limit),
  reservation: optional(limit),
  swap: optional(limit),
  kernel: optional(limit),
  kernelTCP: optional(limit),
  swappiness: optional(uint64),
  disableOOMKiller: optional(boolean),
  useHierarchy: optional(boolean),
  checkBeforeUpdate: optional(boolean),
});

const cpu: Reader<LinuxCpu> = object<LinuxCpu>({
  shares: optional(uint64),
  quota: optional(int64),
  burst: optional(uint64),
  period: optional(uint64),
  realtimeRuntime: optional(int64),
  realtimePeriod: optional(uint64),
  cpus: optional(kernelRanges),
  mems: optional(kernelRanges),
  idle: optional(integer(0, 1)),
});

const pids: Reader<LinuxPids> = object<LinuxPids>({ limit: optional(int64) });

const weightDevice: Reader<LinuxWeightDevice> = refine(
  object<LinuxWeightDevice>({
    major: required(deviceMajor),
    minor: required(deviceMinor),
    weight: optional(uint16),
    leafWeight: optional(uint16),
  }),
  (value, at) => {
    if (value.weight !== undefined || value.leafWeight !== undefined) return value;
    throw refuse(at, "it has neither weight nor leafWeight", "give one of them or remove the entry");
  },
);

const throttled: Reader<readonly LinuxThrottleDevice[]> = list(
  object<LinuxThrottleDevice>({
    major: required(deviceMajor),
    minor: required(deviceMinor),
    rate: required(uint64),
  }),
);

const blockIo: Reader<LinuxBlockIo> = object<LinuxBlockIo>({
  weight: optional(uint16),
  leafWeight: optional(uint16),
  weightDevice: optional(list(weightDevice)),
  throttleReadBpsDevice: optional(throttled),
  throttleWriteBpsDevice: optional(throttled),
  throttleReadIOPSDevice: optional(throttled),
  throttleWriteIOPSDevice: optional(throttled),
});

const pageSize: Reader<string> = refine(text, (value, at) => {
  if (/^[1-9][0-9]*[KMG]B$/.test(value)) return value;
  throw unexpected(at, value, "a page size such as 64KB, 2MB or 1GB");
});

const hugepages: Reader<LinuxHugepageLimit> = object<LinuxHugepageLimit>({
  pageSize: required(pageSize),
  limit: required(uint64),
});

const network: Reader<LinuxNetwork> = object<LinuxNetwork>({
  classID: optional(uint32),
  priorities: optional(
    list(object<LinuxInterfacePriority>({ name: required(filledText), priority: required(uint32) })),
  ),
});

const rdma: Reader<LinuxRdma> = refine(
  object<LinuxRdma>({ hcaHandles: optional(uint32), hcaObjects: optional(uint32) }),
  (value, at) => {
    if (value.hcaHandles !== undefined || value.hcaObjects !== undefined) return value;
    throw refuse(at, "it has neither hcaHandles nor hcaObjects", "give one of them or remove the entry");
  },
);

/** Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#control-groups */
export const readResources: Reader<LinuxResources> = object<LinuxResources>({
  devices: optional(list(deviceRule)),
  memory: optional(memory),
  cpu: optional(cpu),
  pids: optional(pids),
  blockIO: optional(blockIo),
  hugepageLimits: optional(list(hugepages)),
  network: optional(network),
  rdma: optional(map(rdma, checkWord)),
  unified: optional(map(text, checkControlFile)),
});

/** A device name is followed by a blank in the line that the kernel reads. */
function checkWord(key: string, at: At): void {
  if (/^[^\s/\0]+$/.test(key)) return;
  throw refuse(at, "its name is no device name", "use a name without blanks and slashes, such as mlx5_1");
}

/** A file of a control group is named CONTROLLER.NAME and lies in the group itself. */
function checkControlFile(key: string, at: At): void {
  if (/^[^./\s\0][^/\s\0]*\.[^/\s\0]+$/.test(key)) return;
  throw refuse(at, "its name is no file of a control group", "use a name such as memory.high");
}
