import assert from "node:assert/strict";
import { test } from "node:test";
import type { LinuxResources } from "../../specs/oci-runtime/index.ts";
import type { CgroupLayout } from "./layout.ts";
import { type ResourceOptions, resourceWrites } from "./resources.ts";
import { weightOfShares } from "./resources-cpu.ts";

const legacyControllers = [
  "memory",
  "cpu",
  "cpuset",
  "pids",
  "blkio",
  "hugetlb",
  "net_cls",
  "net_prio",
  "rdma",
];
const v1: CgroupLayout = {
  version: "v1",
  hierarchies: [{ version: 1, controllers: legacyControllers, mount: "/sys/fs/cgroup/all", path: "/c" }],
};
const v2: CgroupLayout = {
  version: "v2",
  hierarchies: [{ version: 2, controllers: [], mount: "/sys/fs/cgroup", path: "/c" }],
};
/** As on a machine where only hugetlb is on v2. */
const hybrid: CgroupLayout = {
  version: "hybrid",
  hierarchies: [
    { version: 1, controllers: ["memory", "cpu"], mount: "/sys/fs/cgroup/all", path: "/c" },
    { version: 2, controllers: [], mount: "/sys/fs/cgroup/unified", path: "/c" },
  ],
};

/** The writes as `file=value`, tolerated failures after an exclamation mark, alternatives after a bar. */
function lines(resources: LinuxResources, layout: CgroupLayout, options?: ResourceOptions): string[] {
  return resourceWrites(resources, layout, options).map(
    ({ file, value, ignore, instead }) =>
      `${file}=${value}${ignore ? ` !${ignore.join()}` : ""}${instead ? ` | ${instead.file}=${instead.value}` : ""}`,
  );
}

type Case = [string, LinuxResources, string[], string[]];
const cases: Case[] = [
  [
    "a limit of memory",
    { memory: { limit: 104857600n } },
    ["memory.limit_in_bytes=104857600"],
    ["memory.max=104857600"],
  ],
  [
    "memory and swap together",
    { memory: { limit: 100n, swap: 300n, reservation: 50n } },
    [
      "memory.limit_in_bytes=100 !EINVAL",
      "memory.memsw.limit_in_bytes=300",
      "memory.limit_in_bytes=100",
      "memory.soft_limit_in_bytes=50",
    ],
    ["memory.swap.max=200", "memory.max=100", "memory.low=50"],
  ],
  [
    "no swap at all",
    { memory: { limit: 100n, swap: 100n } },
    ["memory.limit_in_bytes=100 !EINVAL", "memory.memsw.limit_in_bytes=100", "memory.limit_in_bytes=100"],
    ["memory.swap.max=0 !ENOENT", "memory.max=100"],
  ],
  [
    "unlimited memory takes swap along",
    { memory: { limit: -1n, reservation: -1n } },
    [
      "memory.limit_in_bytes=-1 !EINVAL",
      "memory.memsw.limit_in_bytes=-1 !ENOENT",
      "memory.limit_in_bytes=-1",
      "memory.soft_limit_in_bytes=-1",
    ],
    ["memory.swap.max=max !ENOENT", "memory.max=max", "memory.low=max"],
  ],
  [
    "the limit of buffers of TCP, which v1 alone has",
    { memory: { kernelTCP: 5n } },
    ["memory.kmem.tcp.limit_in_bytes=5 !ENOENT,EOPNOTSUPP"],
    [],
  ],
  [
    "zeros are not set, kernel memory is ignored",
    {
      memory: {
        limit: 0n,
        swap: 0n,
        reservation: 0n,
        kernel: 5n,
        kernelTCP: 0n,
        disableOOMKiller: false,
        useHierarchy: true,
      },
      cpu: { shares: 0n, quota: 0n, period: 0n, realtimeRuntime: 0n, realtimePeriod: 0n },
      blockIO: { weight: 0, weightDevice: [{ major: 8, minor: 0, weight: 0 }] },
      network: { classID: 0, priorities: [] },
    },
    [],
    [],
  ],
  [
    "shares, quota and period",
    { cpu: { shares: 512n, quota: 200000n, period: 100000n } },
    [
      "cpu.shares=512",
      "cpu.cfs_period_us=100000 !EINVAL",
      "cpu.cfs_quota_us=200000",
      "cpu.cfs_period_us=100000",
    ],
    ["cpu.weight=59", "cpu.max=200000 100000"],
  ],
  ["a quota alone", { cpu: { quota: 5000n } }, ["cpu.cfs_quota_us=5000"], ["cpu.max=5000 100000"]],
  ["no quota", { cpu: { quota: -1n } }, ["cpu.cfs_quota_us=-1"], ["cpu.max=max 100000"]],
  ["a period alone", { cpu: { period: 50000n } }, ["cpu.cfs_period_us=50000"], ["cpu.max=max 50000"]],
  [
    "a burst",
    { cpu: { quota: 5000n, burst: 1000n } },
    ["cpu.cfs_burst_us=1000 !ENOENT,EINVAL", "cpu.cfs_quota_us=5000", "cpu.cfs_burst_us=1000 !ENOENT"],
    ["cpu.max.burst=1000 !ENOENT,EINVAL", "cpu.max=5000 100000", "cpu.max.burst=1000 !ENOENT"],
  ],
  [
    "becoming idle",
    { cpu: { shares: 1024n, idle: 1 } },
    ["cpu.shares=1024 !EINVAL", "cpu.idle=1"],
    ["cpu.weight=100 !EINVAL", "cpu.idle=1"],
  ],
  [
    "becoming busy",
    { cpu: { shares: 1024n, idle: 0 } },
    ["cpu.idle=0", "cpu.shares=1024"],
    ["cpu.idle=0", "cpu.weight=100"],
  ],
  [
    "processors and memory nodes",
    { cpu: { cpus: "0-1", mems: "0" } },
    ["cpuset.cpus=0-1 | cpus=0-1", "cpuset.mems=0 | mems=0"],
    ["cpuset.cpus=0-1", "cpuset.mems=0"],
  ],
  ["a number of tasks", { pids: { limit: 100n } }, ["pids.max=100"], ["pids.max=100"]],
  ["any number of tasks", { pids: { limit: -1n } }, ["pids.max=max"], ["pids.max=max"]],
  ["no further task", { pids: { limit: 0n } }, ["pids.max=1"], ["pids.max=1"]],
  [
    "weights of block devices",
    { blockIO: { weight: 500, weightDevice: [{ major: 8, minor: 16, weight: 10 }] } },
    [
      "blkio.weight=500 | blkio.bfq.weight=500",
      "blkio.weight_device=8:16 10 | blkio.bfq.weight_device=8:16 10",
    ],
    ["io.bfq.weight=500 | io.weight=4950", "io.bfq.weight=8:16 10 | io.weight=8:16 1"],
  ],
  [
    "limits of block devices",
    {
      blockIO: {
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 600n }],
        throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 0n }],
        throttleReadIOPSDevice: [{ major: 8, minor: 16, rate: 18446744073709551615n }],
        throttleWriteIOPSDevice: [
          { major: 8, minor: 0, rate: 1n },
          { major: 8, minor: 16, rate: 2n },
        ],
      },
    },
    [
      "blkio.throttle.read_bps_device=8:0 600",
      "blkio.throttle.write_bps_device=8:0 0",
      "blkio.throttle.read_iops_device=8:16 18446744073709551615",
      "blkio.throttle.write_iops_device=8:0 1",
      "blkio.throttle.write_iops_device=8:16 2",
    ],
    [
      "io.max=8:0 rbps=600",
      "io.max=8:0 wbps=max",
      "io.max=8:16 riops=18446744073709551615",
      "io.max=8:0 wiops=1",
      "io.max=8:16 wiops=2",
    ],
  ],
  [
    "huge pages",
    { hugepageLimits: [{ pageSize: "2MB", limit: 209715200n }] },
    ["hugetlb.2MB.limit_in_bytes=209715200", "hugetlb.2MB.rsvd.limit_in_bytes=209715200 !ENOENT"],
    ["hugetlb.2MB.max=209715200", "hugetlb.2MB.rsvd.max=209715200 !ENOENT"],
  ],
  [
    "RDMA",
    { rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 10000 }, rxe3: { hcaObjects: 0 } } },
    ["rdma.max=mlx5_1 hca_handle=3 hca_object=10000", "rdma.max=rxe3 hca_object=0"],
    ["rdma.max=mlx5_1 hca_handle=3 hca_object=10000", "rdma.max=rxe3 hca_object=0"],
  ],
];
for (const [name, resources, legacy, unified] of cases) {
  test(`${name}: v1`, () => assert.deepEqual(lines(resources, v1), legacy));
  test(`${name}: v2`, () => assert.deepEqual(lines(resources, v2), unified));
}

test("what only v1 has", () => {
  const resources: LinuxResources = {
    memory: { swappiness: 0n, disableOOMKiller: true },
    cpu: { realtimeRuntime: 950000n, realtimePeriod: 1000000n },
    blockIO: { leafWeight: 300, weightDevice: [{ major: 8, minor: 0, leafWeight: 200 }] },
    network: { classID: 1048577, priorities: [{ name: "eth0", priority: 500 }] },
  };
  assert.deepEqual(lines(resources, v1), [
    "memory.oom_control=1",
    "memory.swappiness=0",
    "cpu.rt_period_us=1000000 !EINVAL",
    "cpu.rt_runtime_us=950000",
    "cpu.rt_period_us=1000000",
    "blkio.leaf_weight=300",
    "blkio.leaf_weight_device=8:0 200",
    "net_cls.classid=1048577",
    "net_prio.ifpriomap=eth0 500",
  ]);
});

test("every write names its controller and where it comes from", () => {
  const resources: LinuxResources = {
    memory: { limit: 5n },
    blockIO: { weightDevice: [{ major: 8, minor: 0, weight: 100 }] },
    network: { priorities: [{ name: "lo", priority: 1 }] },
    rdma: { "a~b": { hcaHandles: 1 } },
  };
  assert.deepEqual(
    resourceWrites(resources, v1).map(({ controller, from }) => `${controller} ${from}`),
    [
      "memory /linux/resources/memory/limit",
      "blkio /linux/resources/blockIO/weightDevice/0/weight",
      "net_prio /linux/resources/network/priorities/0",
      "rdma /linux/resources/rdma/a~0b",
    ],
  );
  const [write] = resourceWrites({ blockIO: { weight: 10 } }, v2, { pointer: "" });
  assert.deepEqual([write?.controller, write?.from], ["io", "/blockIO/weight"]);
});

test("on a machine with both versions each controller is spoken to in its own terms", () => {
  const resources: LinuxResources = {
    memory: { limit: 5n },
    pids: { limit: 3n },
    hugepageLimits: [{ pageSize: "2MB", limit: 1n }],
    unified: { "hugetlb.2MB.max": "7" },
  };
  assert.deepEqual(lines(resources, hybrid), [
    "memory.limit_in_bytes=5",
    "pids.max=3",
    "hugetlb.2MB.max=1",
    "hugetlb.2MB.rsvd.max=1 !ENOENT",
    "hugetlb.2MB.max=7",
  ]);
});

test("unified files are written last, line by line", () => {
  const unified = {
    "io.max": "259:0 rbps=2\n\n253:0 wiops=1\n",
    "memory.high": "max",
    "cgroup.max.depth": "",
  };
  assert.deepEqual(lines({ unified, memory: { limit: 5n } }, v2), [
    "memory.max=5",
    "io.max=259:0 rbps=2",
    "io.max=253:0 wiops=1",
    "memory.high=max",
  ]);
});

test("an update completes what belongs together from the limits in force", () => {
  const before: LinuxResources = {
    memory: { limit: 100n, swap: 300n },
    cpu: { quota: 7000n, period: 20000n },
  };
  assert.deepEqual(lines({ memory: { limit: 200n } }, v2, { before }), [
    "memory.swap.max=100",
    "memory.max=200",
  ]);
  assert.deepEqual(lines({ memory: { swap: 150n } }, v2, { before }), ["memory.swap.max=50"]);
  assert.deepEqual(lines({ cpu: { period: 50000n } }, v2, { before }), ["cpu.max=7000 50000"]);
  assert.deepEqual(lines({ cpu: { quota: -1n } }, v2, { before }), ["cpu.max=max 20000"]);
  assert.deepEqual(lines({ memory: { limit: -1n } }, v1, { before }), [
    "memory.limit_in_bytes=-1 !EINVAL",
    "memory.memsw.limit_in_bytes=-1 !ENOENT",
    "memory.limit_in_bytes=-1",
  ]);
  assert.deepEqual(lines({ pids: { limit: 5n } }, v1, { before }), ["pids.max=5"]);
});

type Refusal = [string, LinuxResources, CgroupLayout, RegExp];
const refused: Refusal[] = [
  [
    "swap without memory",
    { memory: { swap: 5n } },
    v1,
    /memory\/swap: memory and swap together cannot be limited without/,
  ],
  [
    "swap without memory",
    { memory: { swap: 5n } },
    v2,
    /memory\/swap: memory and swap together cannot be limited without/,
  ],
  [
    "less swap than memory",
    { memory: { limit: 6n, swap: 5n } },
    v2,
    /memory\/swap: 5 for memory and swap together is less than 6/,
  ],
  ["flat accounting", { memory: { useHierarchy: false } }, v1, /memory\/useHierarchy: memory is always/],
  ["swappiness", { memory: { swappiness: 101n } }, v1, /memory\/swappiness: 101 is above 100$/],
  ["swappiness", { memory: { swappiness: 60n } }, v2, /memory\/swappiness: cgroup v2 cannot express it$/],
  ["no OOM killer", { memory: { disableOOMKiller: true } }, v2, /memory\/disableOOMKiller: cgroup v2 cannot/],
  ["real time", { cpu: { realtimeRuntime: 5n } }, v2, /cpu\/realtimeRuntime: cgroup v2 cannot/],
  ["real time", { cpu: { realtimePeriod: 5n } }, v2, /cpu\/realtimePeriod: cgroup v2 cannot/],
  [
    "more burst than quota",
    { cpu: { quota: 5n, burst: 6n } },
    v2,
    /cpu\/burst: 6 is more than the quota of 5$/,
  ],
  ["a weight", { blockIO: { weight: 9 } }, v2, /blockIO\/weight: 9 is no weight$/],
  [
    "a weight of a device",
    { blockIO: { weightDevice: [{ major: 1, minor: 1, weight: 1001 }] } },
    v1,
    /blockIO\/weightDevice\/0\/weight: 1001 is no/,
  ],
  ["a leaf weight", { blockIO: { leafWeight: 10 } }, v2, /blockIO\/leafWeight: cgroup v2 cannot/],
  [
    "a leaf weight of a device",
    { blockIO: { weightDevice: [{ major: 1, minor: 1, leafWeight: 10 }] } },
    v2,
    /weightDevice\/0\/leafWeight: cgroup v2/,
  ],
  ["a class of packets", { network: { classID: 1 } }, v2, /network\/classID: cgroup v2 cannot/],
  [
    "priorities of packets",
    { network: { priorities: [{ name: "lo", priority: 1 }] } },
    v2,
    /network\/priorities: cgroup v2 cannot/,
  ],
  [
    "a controller that is not there",
    { hugepageLimits: [{ pageSize: "2MB", limit: 1n }] },
    { ...v1, hierarchies: [{ ...v1.hierarchies[0]!, controllers: ["cpu"] }] },
    /hugepageLimits\/0: the hugetlb controller is not mounted$/,
  ],
  [
    "a v2 file on v1",
    { unified: { "memory.high": "1" } },
    v1,
    /unified\/memory.high: the memory controller is not on cgroup v2$/,
  ],
  [
    "a v2 file of a v1 controller",
    { unified: { "memory.high": "1" } },
    hybrid,
    /unified\/memory.high: the memory controller is not on cgroup v2$/,
  ],
];
for (const [name, resources, layout, message] of refused) {
  test(`${name} is refused on ${layout.version}`, () => {
    assert.throws(() => resourceWrites(resources, layout), { code: "CGROUP_RESOURCE", message, hint: /./ });
    assert.throws(
      () => resourceWrites(resources, layout),
      /^TugError: cannot use config.json#\/linux\/resources\//,
    );
  });
}

test("shares become weights on a curve through the extremes and the default", () => {
  const weights = [0n, 1n, 2n, 3n, 512n, 1024n, 2048n, 262143n, 262144n, 1n << 63n].map(weightOfShares);
  assert.deepEqual(weights, [1, 1, 1, 2, 59, 100, 174, 10000, 10000, 10000]);
  for (let shares = 2; shares < 3000; shares++) {
    assert.ok(weightOfShares(BigInt(shares)) <= weightOfShares(BigInt(shares + 1)), String(shares));
  }
});
