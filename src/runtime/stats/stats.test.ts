import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readOomKills, readStats } from "./read.ts";

/** Reads the statistics of a group that has these files, in a hierarchy of some controllers. */
async function statsOf(version: 1 | 2, files: Readonly<Record<string, string>>) {
  const path = await mkdtemp(join(tmpdir(), "tug-stats-"));
  const controllers = version === 1 ? ["cpu", "cpuacct", "cpuset", "memory", "pids", "blkio", "hugetlb"] : [];
  const state = { groups: [{ path, version, controllers }] };
  try {
    await mkdir(path, { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
    return { stats: await readStats(state), kills: await readOomKills(state) };
  } finally {
    await rm(path, { recursive: true });
  }
}

const pressure =
  "some avg10=1.50 avg60=0.25 avg300=0.00 total=12345\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";

test("v2: microseconds become nanoseconds, swap is told together with memory, max is the largest number", async () => {
  const { stats, kills } = await statsOf(2, {
    "cpu.stat":
      "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 5\nnr_throttled 4\nthrottled_usec 3\n",
    "cpu.pressure": pressure,
    "cpuset.cpus.effective": "0-1,3\n",
    "memory.current": "1000\n",
    "memory.max": "max\n",
    "memory.peak": "2000\n",
    "memory.swap.current": "50\n",
    "memory.swap.max": "70\n",
    "memory.stat": "anon 1\nfile 900\n",
    "memory.events": "low 0\nhigh 0\nmax 6\noom 3\noom_kill 2\n",
    "pids.current": "3\n",
    "pids.max": "max\n",
    "io.stat": "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n8:16 \n",
    "hugetlb.2MB.current": "4096\n",
    "hugetlb.2MB.events": "max 9\n",
  });
  assert.deepEqual(stats.cpu.usage, { total: 30_000n, kernel: 10_000n, user: 20_000n });
  assert.deepEqual(stats.cpu.throttling, { periods: 5n, throttledPeriods: 4n, throttledTime: 3000n });
  assert.deepEqual(stats.cpu.psi?.some, { avg10: 1.5, avg60: 0.25, avg300: 0, total: 12345n });
  assert.equal(stats.cpu.psi?.full?.total, 7n);
  assert.deepEqual(stats.cpuset.cpus, [0, 1, 3]);
  const none = 0xffff_ffff_ffff_ffffn;
  assert.deepEqual(stats.memory.usage, { limit: none, usage: 1000n, max: 2000n, failcnt: 6n });
  assert.deepEqual([stats.memory.swap.usage, stats.memory.swap.limit], [1050n, none]);
  assert.deepEqual([stats.memory.cache, stats.memory.raw.anon], [900n, 1n]);
  assert.deepEqual(stats.pids, { current: 3n, limit: 0n });
  assert.deepEqual(
    stats.blkio.ioServiceBytesRecursive.slice(0, 3).map(({ op, value }) => [op, value]),
    [
      ["Read", 1n],
      ["Write", 2n],
      ["Discard", 5n],
    ],
  );
  assert.deepEqual(stats.hugetlb, { "2MB": { usage: 4096n, max: 0n, failcnt: 9n } });
  assert.equal(kills, 2n);
});

test("v1: ticks become nanoseconds, numbers keep their 64 bits", async () => {
  const { stats, kills } = await statsOf(1, {
    "cpu.stat": "nr_periods 5\nnr_throttled 4\nthrottled_time 3\n",
    "cpuacct.usage": "1234567\n",
    "cpuacct.stat": "user 2\nsystem 3\n",
    "cpuacct.usage_percpu": "1000 234 \n",
    "cpuacct.usage_all": "cpu user system\n0 600 400\n1 200 34\n",
    "memory.limit_in_bytes": "9223372036854771712\n",
    "memory.usage_in_bytes": "4096\n",
    "memory.memsw.usage_in_bytes": "8192\n",
    "memory.kmem.failcnt": "2\n",
    "memory.stat": "cache 5\n",
    "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n",
    "pids.max": "20\n",
    "blkio.throttle.io_serviced_recursive": "254:0 Read 1\n254:0 Total 1\nTotal 1\n",
    "hugetlb.1GB.usage_in_bytes": "0\n",
    "hugetlb.1GB.max_usage_in_bytes": "7\n",
  });
  assert.deepEqual(stats.cpu.usage, {
    total: 1234567n,
    percpu: [1000n, 234n],
    percpu_kernel: [400n, 34n],
    percpu_user: [600n, 200n],
    kernel: 30_000_000n,
    user: 20_000_000n,
  });
  assert.equal(stats.cpu.throttling.throttledTime, 3n);
  assert.equal(stats.memory.usage.limit, 9223372036854771712n);
  assert.deepEqual(
    [stats.memory.swap.usage, stats.memory.kernel.failcnt, stats.memory.cache],
    [8192n, 2n, 5n],
  );
  assert.equal(stats.pids.limit, 20n);
  assert.deepEqual(
    stats.blkio.ioServicedRecursive.map(({ op }) => op),
    ["Read", "Total"],
  );
  assert.deepEqual(stats.hugetlb, { "1GB": { usage: 0n, max: 7n, failcnt: 0n } });
  assert.equal(kills, 4n);
});
