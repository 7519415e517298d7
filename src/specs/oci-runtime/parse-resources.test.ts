import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type LinuxBlockIo,
  type LinuxCpu,
  type LinuxMemory,
  type LinuxResources,
  parseResources,
  printJson,
} from "./index.ts";

const parse = (resources: object) => parseResources(printJson(resources)).value;

function assertRefused(resources: object, sentence: string): void {
  assert.throws(() => parse(resources), {
    code: "OCI_CONFIG",
    message: `cannot use resources.json#${sentence}`,
  });
}

test("every member is read", () => {
  const memory: Required<LinuxMemory> = {
    limit: 9223372036854775807n,
    reservation: 1n,
    swap: -1n,
    kernel: -1n,
    kernelTCP: -1n,
    swappiness: 0n,
    disableOOMKiller: false,
    useHierarchy: true,
    checkBeforeUpdate: true,
  };
  const cpu: Required<LinuxCpu> = {
    shares: 1024n,
    quota: -1n,
    burst: 5n,
    period: 500000n,
    realtimeRuntime: 950000n,
    realtimePeriod: 1000000n,
    cpus: "0-15:2/4,all,N",
    mems: "0-7",
    idle: 1,
  };
  const throttled = [{ major: 8, minor: 16, rate: 600n }];
  const blockIO: Required<LinuxBlockIo> = {
    weight: 10,
    leafWeight: 10,
    weightDevice: [{ major: 8, minor: 0, weight: 500, leafWeight: 300 }],
    throttleReadBpsDevice: throttled,
    throttleWriteBpsDevice: throttled,
    throttleReadIOPSDevice: throttled,
    throttleWriteIOPSDevice: throttled,
  };
  const resources: Required<LinuxResources> = {
    devices: [
      { allow: false, access: "rwm" },
      { allow: true, type: "c", major: 10, minor: -1, access: "rw" },
    ],
    memory,
    cpu,
    pids: { limit: 0n },
    blockIO,
    hugepageLimits: [{ pageSize: "2MB", limit: 209715200n }],
    network: { classID: 1048577, priorities: [{ name: "eth0", priority: 500 }] },
    rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 10000 } },
    unified: { "io.max": "259:0 rbps=2097152\n253:0 wiops=120", "cgroup.freeze": "0" },
  };
  assert.deepEqual(parse(resources), resources);
});

test("an empty type of device and empty lists of CPUs are absent", () => {
  assert.deepEqual(
    parse({ devices: [{ allow: true, type: "", access: "r" }], cpu: { cpus: "", mems: " " } }),
    {
      devices: [{ allow: true, access: "r" }],
      cpu: {},
    },
  );
});

const refused: [string, object, string][] = [
  ["a rule without allow", { devices: [{ access: "r" }] }, "/devices/0/allow: it is missing"],
  ["a rule without access", { devices: [{ allow: true }] }, "/devices/0/access: it is missing"],
  [
    "an unknown access",
    { devices: [{ allow: true, access: "rx" }] },
    '/devices/0/access: expected a combination of r, w and m, found text "rx"',
  ],
  [
    "a FIFO in a rule",
    { devices: [{ allow: true, type: "p", access: "r" }] },
    '/devices/0/type: expected one of a, c, b, found text "p"',
  ],
  [
    "a limit as text",
    { memory: { limit: "1g" } },
    '/memory/limit: expected an integer from -1 to 9223372036854775807, found text "1g"',
  ],
  [
    "negative shares",
    { cpu: { shares: -1 } },
    "/cpu/shares: expected an integer from 0 to 18446744073709551615, found number -1",
  ],
  [
    "no list of CPUs",
    { cpu: { cpus: "a-b" } },
    '/cpu/cpus: expected a list of numbers and ranges such as 0-3,7, found text "a-b"',
  ],
  ["idle", { cpu: { idle: 2 } }, "/cpu/idle: expected an integer from 0 to 1, found number 2"],
  [
    "a device without weight",
    { blockIO: { weightDevice: [{ major: 8, minor: 0 }] } },
    "/blockIO/weightDevice/0: it has neither weight nor leafWeight",
  ],
  [
    "a rate without device",
    { blockIO: { throttleReadBpsDevice: [{ rate: 1 }] } },
    "/blockIO/throttleReadBpsDevice/0/major: it is missing",
  ],
  [
    "a page size",
    { hugepageLimits: [{ pageSize: "2mb", limit: 1 }] },
    '/hugepageLimits/0/pageSize: expected a page size such as 64KB, 2MB or 1GB, found text "2mb"',
  ],
  ["an empty RDMA entry", { rdma: { a: {} } }, "/rdma/a: it has neither hcaHandles nor hcaObjects"],
  ["a name with a blank", { rdma: { "a b": { hcaHandles: 1 } } }, "/rdma/a b: its name is no device name"],
  [
    "a file above the group",
    { unified: { "../memory.max": "1" } },
    "/unified/..~1memory.max: its name is no file of a control group",
  ],
];
for (const [name, resources, sentence] of refused) {
  test(`${name} is refused`, () => assertRefused(resources, sentence));
}
