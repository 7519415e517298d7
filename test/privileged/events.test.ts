import assert from "node:assert/strict";
import { test } from "node:test";
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

const known = differs({ crun: "has no events" });
const MB = 1024n * 1024n;

type Event = { readonly type: string; readonly id: string; readonly data?: Stats };
type Stats = {
  readonly cpu: { readonly usage: { readonly total: number } };
  readonly memory: { readonly usage: { readonly usage: number; readonly limit: number } };
  readonly pids: { readonly current: number; readonly limit: number };
};

const eventsIn = (text: string): Event[] =>
  text
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Event);

test("events --stats prints what the container uses, once", {
  skip: skip || known || lacksController("memory") || lacksController("pids"),
}, async () => {
  await using made = await container({
    args: ["probe", "fork", "2", ",", "sleep", "100"],
    linux: { resources: { memory: { limit: 64n * MB }, pids: { limit: 20n } } },
  });
  succeeded(await made.run(["--detach"]));
  const [event, ...more] = eventsIn(succeeded(await made.runtime(["events", "--stats", made.id])).stdout);
  assert.deepEqual([event?.type, event?.id, more], ["stats", made.id, []]);
  const { pid } = await made.state();
  const group = groupOf(pid, "memory");
  assert.ok(group);
  const limit = groupFile(group, group.version === 1 ? "memory.limit_in_bytes" : "memory.max");
  assert.equal(String(event?.data?.memory.usage.limit), limit);
  assert.ok((event?.data?.memory.usage.usage ?? 0) > 0);
  assert.ok((event?.data?.cpu.usage.total ?? 0) > 0);
  assert.equal(event?.data?.pids.limit, 20);
  assert.ok((event?.data?.pids.current ?? 0) >= 1);
});

test("events go on until the container has stopped, and tell when it runs out of memory", {
  skip: skip || known || lacksController("memory"),
}, async () => {
  await using made = await container({
    args: ["sh", "-c", "until [ -e /tmp/go ]; do sleep 0.05; done; probe allocate 64; sleep 1"],
    linux: { resources: { memory: { limit: 16n * MB, swap: 16n * MB } } },
  });
  succeeded(await made.run(["--detach"]));
  const printed = { by: () => "" };
  const watching = made.runtime(["events", "--interval", "100ms", made.id], {
    onStart: (_pid, output) => Object.assign(printed, { by: output }),
  });
  await until("somebody watches", () => printed.by() !== "");
  succeeded(await made.runtime(["exec", made.id, "touch", "/tmp/go"]));
  const events = eventsIn(succeeded(await watching).stdout);
  assert.ok(events.some(({ type }) => type === "stats"));
  assert.ok(events.some(({ type, id }) => type === "oom" && id === made.id));
});

test("events of a container that does not run, or with a wrong interval, are refused", {
  skip: skip || known,
}, async () => {
  await using made = await container({ args: ["true"] });
  assert.match((await made.runtime(["events", "--stats", made.id])).stderr, /does not exist/);
  succeeded(await made.run(["--detach"]));
  await made.stopped();
  const { code, stderr } = await made.runtime(["events", "--stats", made.id]);
  assert.notEqual(code, 0);
  assert.match(stderr, /is not running/);
  assert.notEqual((await made.runtime(["events", "--interval", "0s", made.id])).code, 0);
});
