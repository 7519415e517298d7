import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { LinuxResources } from "../../src/specs/oci-runtime/index.ts";
import {
  container,
  createdPid,
  differs,
  type Group,
  groupFile,
  groupOf,
  lacksController,
  skip,
  succeeded,
  until,
} from "./harness/index.ts";

const MB = 1024n * 1024n;

/** Content of files of a container's groups, by controller and name. Of names after a bar, the one that is there counts. */
type Files = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Parts of the resources and the files that they become on each version; absent: that version refuses them. */
type Case = {
  readonly what: string;
  readonly resources: LinuxResources;
  readonly v1?: Files;
  readonly v2?: Files;
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

const { major, minor } = disk;
const straight = { runc: "1.1 draws a straight line on v2", crun: "1.21 draws a straight line on v2" };

const cases: readonly Case[] = [
  {
    what: "memory, processor time, processors and processes; v2 counts swap alone",
    resources: {
      memory: { limit: 64n * MB, reservation: 32n * MB, swap: 96n * MB },
      cpu: { quota: 40_000n, period: 50_000n, cpus: "0", mems: "0" },
      pids: { limit: 20n },
    },
    v1: {
      memory: {
        "memory.limit_in_bytes": "67108864",
        "memory.soft_limit_in_bytes": "33554432",
        "memory.memsw.limit_in_bytes": "100663296",
      },
      cpu: { "cpu.cfs_quota_us": "40000", "cpu.cfs_period_us": "50000" },
      cpuset: { "cpuset.cpus": "0", "cpuset.mems": "0" },
      pids: { "pids.max": "20" },
    },
    v2: {
      memory: { "memory.max": "67108864", "memory.low": "33554432", "memory.swap.max": "33554432" },
      cpu: { "cpu.max": "40000 50000" },
      cpuset: { "cpuset.cpus": "0", "cpuset.mems": "0" },
      pids: { "pids.max": "20" },
    },
  },
  {
    what: "swap as large as memory is none, a quota alone goes with a period of 100 ms",
    resources: { memory: { limit: 64n * MB, swap: 64n * MB }, cpu: { quota: 150_000n } },
    v1: {
      memory: { "memory.memsw.limit_in_bytes": "67108864" },
      cpu: { "cpu.cfs_quota_us": "150000", "cpu.cfs_period_us": "100000" },
    },
    v2: { memory: { "memory.swap.max": "0" }, cpu: { "cpu.max": "150000 100000" } },
  },
  {
    what: "-1 is no limit",
    resources: {
      memory: { limit: 64n * MB, swap: -1n },
      cpu: { quota: -1n, period: 50_000n },
      pids: { limit: -1n },
    },
    v1: {
      memory: { "memory.memsw.limit_in_bytes": "9223372036854771712" },
      cpu: { "cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "50000" },
      pids: { "pids.max": "max" },
    },
    v2: {
      memory: { "memory.swap.max": "max" },
      cpu: { "cpu.max": "max 50000" },
      pids: { "pids.max": "max" },
    },
  },
  {
    what: "the default number of shares is the default weight",
    resources: { cpu: { shares: 1024n } },
    v1: { cpu: { "cpu.shares": "1024" } },
    v2: { cpu: { "cpu.weight": "100" } },
    differs: straight,
  },
  {
    what: "half the shares, and a burst",
    resources: { cpu: { shares: 512n, quota: 40_000n, burst: 10_000n } },
    v1: { cpu: { "cpu.shares": "512", "cpu.cfs_burst_us": "10000" } },
    v2: { cpu: { "cpu.weight": "59", "cpu.max.burst": "10000" } },
    differs: { ...straight, runc: "1.1 has no burst" },
  },
  {
    what: "idle",
    resources: { cpu: { shares: 512n, idle: 1 } },
    v1: { cpu: { "cpu.idle": "1" } },
    v2: { cpu: { "cpu.idle": "1" } },
    differs: { runc: "1.1 has no idle on v1" },
  },
  {
    what: "a weight of block devices, for the scheduler that the kernel has",
    resources: { blockIO: { weight: 505 } },
    v1: { blkio: { "blkio.weight|blkio.bfq.weight": "505" } },
    v2: { io: { "io.bfq.weight|io.weight": "default 505|default 5000" } },
  },
  {
    what: "pages that may be used and reserved",
    resources: { hugepageLimits: [{ pageSize: "2MB", limit: 4n * MB }] },
    v1: {
      hugetlb: { "hugetlb.2MB.limit_in_bytes": "4194304", "hugetlb.2MB.rsvd.limit_in_bytes": "4194304" },
    },
    v2: { hugetlb: { "hugetlb.2MB.max": "4194304", "hugetlb.2MB.rsvd.max": "4194304" } },
    differs: {
      runc: "1.1 looks for controllers of a hybrid machine on v1 alone",
      crun: "sees v1 alone here",
    },
  },
  {
    what: "swappiness",
    resources: { memory: { swappiness: 20n } },
    v1: { memory: { "memory.swappiness": "20" } },
    differs: { runc: "ignores it on v2", crun: "ignores it on v2" },
  },
  {
    what: "an OOM killer that is disabled",
    resources: { memory: { limit: 64n * MB, disableOOMKiller: true } },
    v1: { memory: { "memory.limit_in_bytes": "67108864" } },
    differs: { runc: "ignores it on v2", crun: "ignores it on v2" },
  },
  {
    what: "files of v2 as they are named, which win over what is converted",
    resources: { pids: { limit: 20n }, unified: { "memory.high": "50331648", "pids.max": "30" } },
    v2: { memory: { "memory.high": "50331648" }, pids: { "pids.max": "30" } },
    differs: { runc: "has no places", crun: "ignores it on v1" },
  },
];

/** The version that a part is on here, and what is expected there. */
function expectation({ v1, v2 }: Case): { version: 1 | 2; lacks: string | false; files: Files | undefined } {
  const [legacy = "", unified = legacy] = [v1, v2].map((files) => Object.keys(files ?? {})[0] ?? "memory");
  const version = groupOf("self", legacy)?.version ?? 2;
  const files = version === 1 ? v1 : v2;
  const needed = Object.keys(files ?? { [version === 1 ? legacy : unified]: {} });
  return { version, lacks: needed.map(lacksController).find((reason) => reason !== false) ?? false, files };
}

/** Whether a group has a file, whose content must then be the right one. */
function check(group: Group | undefined, name: string, wanted: string): boolean {
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
    const pid = await createdPid(made);
    const absent = Object.entries(files).flatMap(([controller, group]) =>
      Object.entries(group).flatMap(([name, wanted]) =>
        check(groupOf(pid, controller), name, wanted) ? [] : [name],
      ),
    );
    if (absent.length > 0) t.skip(`the kernel has no ${absent.join(", ")}`);
  });
}

test("throttles of a block device", {
  skip:
    skip ||
    (disk.name === ""
      ? "needs a disk"
      : lacksController(groupOf("self", "blkio")?.version === 1 ? "blkio" : "io")),
}, async () => {
  const blockIO = {
    throttleReadBpsDevice: [{ major, minor, rate: 10n * MB }],
    throttleWriteBpsDevice: [{ major, minor, rate: 20n * MB }],
    throttleReadIOPSDevice: [{ major, minor, rate: 300n }],
    throttleWriteIOPSDevice: [{ major, minor, rate: 400n }],
  };
  await using made = await container({ args: ["sleep", "100"], linux: { resources: { blockIO } } });
  const group = groupOf(await createdPid(made), "blkio");
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
  const group = groupOf(await createdPid(made), "memory");
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
  const group = groupOf(await createdPid(made), "cpu");
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
