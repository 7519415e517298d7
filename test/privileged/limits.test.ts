import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { LinuxResources } from "../../src/specs/oci-runtime/index.ts";
import {
  container,
  differs,
  groupFile,
  groupOf,
  lacksController,
  skip,
  succeeded,
  until,
} from "./harness/index.ts";

const MB = 1024n * 1024n;

/** Content of files of a container's group, by name. */
type Files = Readonly<Record<string, string>>;

/** A part of the resources and the files that it becomes on each version; absent: that version refuses it. */
type Case = {
  readonly what: string;
  readonly resources: LinuxResources;
  readonly v1?: readonly [controller: string, Files];
  readonly v2?: readonly [controller: string, Files];
  /** Known differences of runtimes other than tug-oci. */
  readonly differs?: Parameters<typeof differs>[0];
};

/** `254:0`, a whole disk of this machine that is no memory or loop device. */
function someDisk(): { major: number; minor: number; name: string } | undefined {
  for (const name of existsSync("/sys/block") ? readdirSync("/sys/block") : []) {
    if (!/^(vd|sd|nvme|xvd)/.test(name)) continue;
    const text = readFileSync(`/sys/block/${name}/dev`, "utf8").trim();
    const [major = 0, minor = 0] = text.split(":").map(Number);
    return { major, minor, name: text };
  }
  return undefined;
}

const disk = someDisk() ?? { major: 0, minor: 0, name: "" };

const cases: readonly Case[] = [
  {
    what: "memory: a limit and a reservation",
    resources: { memory: { limit: 64n * MB, reservation: 32n * MB } },
    v1: ["memory", { "memory.limit_in_bytes": "67108864", "memory.soft_limit_in_bytes": "33554432" }],
    v2: ["memory", { "memory.max": "67108864", "memory.low": "33554432" }],
  },
  {
    what: "memory: swap counts together with memory in the configuration, alone on v2",
    resources: { memory: { limit: 64n * MB, swap: 96n * MB } },
    v1: ["memory", { "memory.limit_in_bytes": "67108864", "memory.memsw.limit_in_bytes": "100663296" }],
    v2: ["memory", { "memory.max": "67108864", "memory.swap.max": "33554432" }],
  },
  {
    what: "memory: swap as large as memory is none",
    resources: { memory: { limit: 64n * MB, swap: 64n * MB } },
    v1: ["memory", { "memory.memsw.limit_in_bytes": "67108864" }],
    v2: ["memory", { "memory.swap.max": "0" }],
  },
  {
    what: "memory: swap may be without a limit",
    resources: { memory: { limit: 64n * MB, swap: -1n } },
    v1: [
      "memory",
      { "memory.limit_in_bytes": "67108864", "memory.memsw.limit_in_bytes": "9223372036854771712" },
    ],
    v2: ["memory", { "memory.max": "67108864", "memory.swap.max": "max" }],
  },
  {
    what: "memory: swappiness is a matter of v1",
    resources: { memory: { swappiness: 20n } },
    v1: ["memory", { "memory.swappiness": "20" }],
    differs: { runc: "ignores it on v2", crun: "ignores it on v2" },
  },
  {
    what: "memory: the OOM killer can be disabled on v1",
    resources: { memory: { limit: 64n * MB, disableOOMKiller: true } },
    v1: ["memory", { "memory.limit_in_bytes": "67108864" }],
    differs: { runc: "ignores it on v2", crun: "ignores it on v2" },
  },
  {
    what: "cpu: the default number of shares is the default weight",
    resources: { cpu: { shares: 1024n } },
    v1: ["cpu", { "cpu.shares": "1024" }],
    v2: ["cpu", { "cpu.weight": "100" }],
    differs: { runc: "1.1 draws a straight line on v2", crun: "1.21 draws a straight line on v2" },
  },
  {
    what: "cpu: half the shares",
    resources: { cpu: { shares: 512n } },
    v1: ["cpu", { "cpu.shares": "512" }],
    v2: ["cpu", { "cpu.weight": "59" }],
    differs: { runc: "1.1 draws a straight line on v2", crun: "1.21 draws a straight line on v2" },
  },
  {
    what: "cpu: quota, period and burst",
    resources: { cpu: { quota: 40_000n, period: 50_000n, burst: 10_000n } },
    v1: ["cpu", { "cpu.cfs_quota_us": "40000", "cpu.cfs_period_us": "50000", "cpu.cfs_burst_us": "10000" }],
    v2: ["cpu", { "cpu.max": "40000 50000", "cpu.max.burst": "10000" }],
    differs: { runc: "1.1 has no burst" },
  },
  {
    what: "cpu: a quota alone goes with the period of 100 ms",
    resources: { cpu: { quota: 150_000n } },
    v1: ["cpu", { "cpu.cfs_quota_us": "150000", "cpu.cfs_period_us": "100000" }],
    v2: ["cpu", { "cpu.max": "150000 100000" }],
  },
  {
    what: "cpu: no quota",
    resources: { cpu: { quota: -1n, period: 50_000n } },
    v1: ["cpu", { "cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "50000" }],
    v2: ["cpu", { "cpu.max": "max 50000" }],
  },
  {
    what: "cpu: idle",
    resources: { cpu: { shares: 512n, idle: 1 } },
    v1: ["cpu", { "cpu.idle": "1" }],
    v2: ["cpu", { "cpu.idle": "1" }],
    differs: { runc: "1.1 has no idle on v1" },
  },
  {
    what: "cpuset",
    resources: { cpu: { cpus: "0", mems: "0" } },
    v1: ["cpuset", { "cpuset.cpus": "0", "cpuset.mems": "0" }],
    v2: ["cpuset", { "cpuset.cpus": "0", "cpuset.mems": "0" }],
  },
  {
    what: "pids: a limit",
    resources: { pids: { limit: 20n } },
    v1: ["pids", { "pids.max": "20" }],
    v2: ["pids", { "pids.max": "20" }],
  },
  {
    what: "pids: no limit",
    resources: { pids: { limit: -1n } },
    v1: ["pids", { "pids.max": "max" }],
    v2: ["pids", { "pids.max": "max" }],
  },
  {
    what: "blockIO: a weight, for the scheduler that the kernel has",
    resources: { blockIO: { weight: 505 } },
    v1: ["blkio", { "blkio.weight|blkio.bfq.weight": "505" }],
    v2: ["io", { "io.bfq.weight|io.weight": "default 505|default 5000" }],
  },
  {
    what: "hugepageLimits: what may be used and reserved",
    resources: { hugepageLimits: [{ pageSize: "2MB", limit: 4n * MB }] },
    v1: [
      "hugetlb",
      { "hugetlb.2MB.limit_in_bytes": "4194304", "hugetlb.2MB.rsvd.limit_in_bytes": "4194304" },
    ],
    v2: ["hugetlb", { "hugetlb.2MB.max": "4194304", "hugetlb.2MB.rsvd.max": "4194304" }],
    differs: {
      runc: "1.1 looks for controllers of a hybrid machine on v1 alone",
      crun: "sees v1 alone here",
    },
  },
  {
    what: "unified: files of v2 as they are named",
    resources: { unified: { "memory.high": "50331648", "pids.max": "30" } },
    v2: ["memory", { "memory.high": "50331648", "pids.max": "30" }],
    differs: { crun: "ignores it on v1" },
  },
  {
    what: "unified wins over what is converted",
    resources: { pids: { limit: 20n }, unified: { "pids.max": "40" } },
    v2: ["pids", { "pids.max": "40" }],
    differs: { crun: "ignores it on v1" },
  },
];

/** The version that a part is on here, and what is expected there. */
function expectation({ v1, v2 }: Case): { version: 1 | 2; lacks: string | false; files: Files | undefined } {
  const [legacy = v2?.[0] ?? ""] = v1 ?? [];
  const version = groupOf("self", legacy)?.version ?? 2;
  const [controller = legacy, files] = (version === 1 ? v1 : v2) ?? [];
  return { version, lacks: lacksController(controller), files };
}

/** Where a file has another name in some kernels, the one that is there. */
function check(made: { pid: number; controller: string }, name: string, wanted: string): boolean {
  const group = groupOf(made.pid, made.controller);
  assert.ok(group);
  const contents = name.split("|").map((file) => groupFile(group, file));
  const index = contents.findIndex((content) => content !== undefined);
  if (index < 0) return false;
  assert.equal(contents[index], wanted.split("|")[index] ?? wanted, name);
  return true;
}

for (const each of cases) {
  const { version, lacks, files } = expectation(each);
  const known = each.differs === undefined ? false : differs(each.differs);
  if (files === undefined) {
    test(`${each.what}: not on v${version}, where it is refused with its place`, {
      skip: skip || lacks || known,
    }, async () => {
      await using made = await container({ linux: { resources: each.resources } });
      const { code, stderr } = await made.run();
      assert.notEqual(code, 0);
      assert.match(stderr, /config\.json#\/linux\/resources\//);
      made.assertNothingLeft();
    });
    continue;
  }
  test(each.what, { skip: skip || lacks || known }, async (t) => {
    await using made = await container({ args: ["sleep", "100"], linux: { resources: each.resources } });
    succeeded(await made.create());
    const { pid } = await made.state();
    const controller = (version === 1 ? each.v1 : each.v2)?.[0] ?? "";
    const seen = Object.entries(files).filter(([name, wanted]) => check({ pid, controller }, name, wanted));
    if (seen.length === 0) t.skip(`the kernel has no ${Object.keys(files).join(", ")}`);
  });
}

test("blockIO: throttles of a device", {
  skip:
    skip ||
    (disk.name === ""
      ? "needs a disk"
      : lacksController(groupOf("self", "blkio")?.version === 1 ? "blkio" : "io")),
}, async () => {
  const { major, minor } = disk;
  const rate = (value: bigint) => [{ major, minor, rate: value }];
  const blockIO = {
    throttleReadBpsDevice: rate(10n * MB),
    throttleWriteBpsDevice: rate(20n * MB),
    throttleReadIOPSDevice: rate(300n),
    throttleWriteIOPSDevice: rate(400n),
  };
  await using made = await container({ args: ["sleep", "100"], linux: { resources: { blockIO } } });
  succeeded(await made.create());
  const group = groupOf((await made.state()).pid, "blkio");
  assert.ok(group);
  if (group.version === 2) {
    assert.equal(groupFile(group, "io.max"), `${disk.name} rbps=10485760 wbps=20971520 riops=300 wiops=400`);
    return;
  }
  assert.equal(groupFile(group, "blkio.throttle.read_bps_device"), `${disk.name} 10485760`);
  assert.equal(groupFile(group, "blkio.throttle.write_bps_device"), `${disk.name} 20971520`);
  assert.equal(groupFile(group, "blkio.throttle.read_iops_device"), `${disk.name} 300`);
  assert.equal(groupFile(group, "blkio.throttle.write_iops_device"), `${disk.name} 400`);
});

const refused: readonly (readonly [string, LinuxResources, RegExp])[] = [
  ["processors that the machine does not have", { cpu: { cpus: "4000" } }, /cpu\/cpus|cpuset\.cpus/],
  ["a memory limit above that of memory and swap", { memory: { limit: 64n * MB, swap: 32n * MB } }, /swap/],
  ["a weight out of bounds", { blockIO: { weight: 5 } }, /weight/],
  ["a burst above the quota", { cpu: { quota: 10_000n, burst: 20_000n } }, /burst/],
];

for (const [what, resources, words] of refused) {
  test(`refused, and nothing is left: ${what}`, {
    skip:
      skip ||
      lacksController("cpuset") ||
      differs({ runc: "lets the kernel decide", crun: "lets the kernel decide" }),
  }, async () => {
    await using made = await container({ args: ["sleep", "100"], linux: { resources } });
    const { code, stderr } = await made.create();
    assert.notEqual(code, 0);
    assert.match(stderr, words);
    assert.match(stderr, /config\.json#\/linux\/resources\//);
    made.assertNothingLeft();
  });
}

test("who allocates more memory than the limit is killed, and the group has counted it", {
  skip: skip || lacksController("memory"),
}, async () => {
  const memory = { limit: 16n * MB, swap: 16n * MB };
  await using made = await container({
    args: ["probe", "allocate", "64", ",", "print", "out", "survived"],
    linux: { resources: { memory } },
  });
  succeeded(await made.create());
  const group = groupOf((await made.state()).pid, "memory");
  assert.ok(group);
  succeeded(await made.start());
  await made.stopped();
  const events = groupFile(group, group.version === 1 ? "memory.oom_control" : "memory.events") ?? "";
  assert.match(events, /^oom_kill [1-9]/m);
  succeeded(await made.delete());
  assert.equal((await made.run()).code, 137);
  assert.ok(!existsSync(group.directory));
});

test("the number of processes cannot exceed its limit", {
  skip: skip || lacksController("pids"),
}, async () => {
  await using made = await container({
    args: ["probe", "fork", "10"],
    linux: { resources: { pids: { limit: 4n } } },
  });
  const line = JSON.parse(succeeded(await made.run()).stdout) as { errno: string; children: number[] };
  assert.equal(line.errno, "EAGAIN");
  assert.equal(line.children.length, 3);
});

test("a quota of time throttles", { skip: skip || lacksController("cpu") }, async () => {
  await using made = await container({
    args: ["sh", "-c", "while :; do :; done"],
    linux: { resources: { cpu: { quota: 5000n, period: 100_000n } } },
  });
  succeeded(await made.create());
  const group = groupOf((await made.state()).pid, "cpu");
  assert.ok(group);
  succeeded(await made.start());
  await until("it is throttled", () => /^nr_throttled [1-9]/m.test(groupFile(group, "cpu.stat") ?? ""));
});

test("the program may run on the processors of its set alone", {
  skip: skip || lacksController("cpuset"),
}, async () => {
  await using made = await container({ linux: { resources: { cpu: { cpus: "0" } } } });
  const report = JSON.parse(succeeded(await made.run()).stdout) as { processors: number[] };
  assert.deepEqual(report.processors, [0]);
});
