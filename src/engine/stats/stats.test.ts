import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoredState } from "../../runtime/index.ts";
import { groupFiles } from "./group-files.ts";
import { parseSystemCpu, readCpu } from "./read-cpu.ts";
import { parseInterfaces, readIo } from "./read-io.ts";
import { readMemory } from "./read-memory.ts";

const legacy = ["cpu", "cpuacct", "memory", "blkio"].map((name) => ({
  path: `/${name}`,
  version: 1 as const,
  controllers: [name],
}));
const unified = [{ path: "/two", version: 2 as const, controllers: [] }];

/** The files of a controller, from a table of paths. */
function files(groups: StoredState["groups"], controller: string, texts: Readonly<Record<string, string>>) {
  return groupFiles({ groups }, controller, async (path) => {
    const text = texts[path];
    if (text === undefined) throw Object.assign(new Error(path), { code: "ENOENT" });
    return text;
  });
}

test("processor time is counted on v1 in nanoseconds and ticks", async () => {
  const texts = {
    "/cpu/cpu.stat": "nr_periods 5\nnr_throttled 2\nthrottled_time 300\n",
    "/cpuacct/cpuacct.usage": "7000\n",
    "/cpuacct/cpuacct.stat": "user 3\nsystem 4\n",
    "/cpuacct/cpuacct.usage_percpu": "3000 4000 \n",
  };
  assert.deepEqual(await readCpu(files(legacy, "cpu", texts), files(legacy, "cpuacct", texts)), {
    total: 7000,
    user: 30_000_000,
    kernel: 40_000_000,
    perCpu: [3000, 4000],
    periods: 5,
    throttledPeriods: 2,
    throttledTime: 300,
  });
});

test("processor time is counted on v2 in microseconds", async () => {
  const text = "usage_usec 7\nuser_usec 3\nsystem_usec 4\nnr_periods 5\nnr_throttled 2\nthrottled_usec 6\n";
  const cpu = files(unified, "cpu", { "/two/cpu.stat": text });
  assert.deepEqual(await readCpu(cpu, files(unified, "cpuacct", { "/two/cpu.stat": text })), {
    total: 7000,
    user: 3000,
    kernel: 4000,
    periods: 5,
    throttledPeriods: 2,
    throttledTime: 6000,
  });
});

test("memory has the machine's limit where it has none, on both versions", async () => {
  const old = files(legacy, "memory", {
    "/memory/memory.usage_in_bytes": "100\n",
    "/memory/memory.max_usage_in_bytes": "200\n",
    "/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "/memory/memory.failcnt": "3\n",
    "/memory/memory.stat": "cache 1\ntotal_inactive_file 40\n",
  });
  assert.deepEqual(await readMemory(old, 1000), {
    usage: 100,
    maxUsage: 200,
    limit: 1000,
    failures: 3,
    details: { cache: 1, total_inactive_file: 40 },
  });
  const texts = {
    "/two/memory.current": "100\n",
    "/two/memory.max": "max\n",
    "/two/memory.events": "low 0\noom 2\n",
    "/two/memory.stat": "anon 1\ninactive_file 40\n",
  };
  const expected = { usage: 100, limit: 1000, failures: 2, details: { anon: 1, inactive_file: 40 } };
  assert.deepEqual(await readMemory(files(unified, "memory", texts), 1000), expected);
  const limited = files(unified, "memory", { ...texts, "/two/memory.max": "500\n" });
  assert.equal((await readMemory(limited, 1000)).limit, 500);
});

test("a controller that is not there counts nothing", async () => {
  const none = files(unified, "memory", {});
  assert.deepEqual(await readMemory(none, 9), { usage: 0, limit: 9, failures: 0, details: {} });
  assert.deepEqual(await readIo(none), { bytes: [], operations: [] });
  assert.equal((await readCpu(none, none)).total, 0);
});

test("devices are counted in one form from both versions", async () => {
  const expected = {
    bytes: [
      { major: 8, minor: 16, op: "read", value: 10 },
      { major: 8, minor: 16, op: "write", value: 20 },
    ],
    operations: [
      { major: 8, minor: 16, op: "read", value: 1 },
      { major: 8, minor: 16, op: "write", value: 2 },
    ],
  };
  const text = "8:16 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n";
  assert.deepEqual(await readIo(files(unified, "blkio", { "/two/io.stat": text })), expected);
  const old = files(legacy, "blkio", {
    "/blkio/blkio.throttle.io_service_bytes_recursive": "8:16 Read 10\n8:16 Write 20\nTotal 30\n",
    // Kernels before 4.17 count a group without those below it.
    "/blkio/blkio.throttle.io_serviced": "8:16 Read 1\n8:16 Write 2\nTotal 3\n",
  });
  assert.deepEqual(await readIo(old), expected);
});

test("the machine's time is the sum of what processors do", () => {
  const text = "cpu  1 2 3 4 5 6 7 800 900 1000\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nintr 5\n";
  assert.deepEqual(parseSystemCpu(text), { cpuTime: 280_000_000, onlineCpus: 2 });
});

test("interfaces are counted but for the loopback", () => {
  const text = [
    "Inter-|   Receive                                                |  Transmit",
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
    "    lo:       9       9    0    0    0     0          0         0        9       9    0    0    0     0       0          0",
    "  eth0:     100       2    3    4    0     0          0         0      500       6    7    8    0     0       0          0",
    "",
  ].join("\n");
  assert.deepEqual(parseInterfaces(text), {
    eth0: {
      rxBytes: 100,
      rxPackets: 2,
      rxErrors: 3,
      rxDropped: 4,
      txBytes: 500,
      txPackets: 6,
      txErrors: 7,
      txDropped: 8,
    },
  });
});
