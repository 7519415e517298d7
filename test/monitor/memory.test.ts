import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { type Container, startContainer } from "./container.ts";

const count = 20;
const most = 200;

/** Proportional set size in KiB. */
function pss(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
}

test(`${count} idle monitors that have worked need at most ${most} KiB each`, {
  skip: requireRoot(),
}, async (t) => {
  await using place = await temporaryDirectory();
  await using stack = new AsyncDisposableStack();
  const containers: Container[] = [];
  for (let index = 0; index < count; index += 1) {
    const parent = join(place.path, `${index}`);
    await mkdir(parent);
    const script = "head -c 3000000 /dev/urandom | base64; exec sleep 1000";
    const log = { format: "json-file", path: join(parent, "log") } as const;
    const container = stack.use(await startContainer(parent, script, { log, terminal: index % 2 === 0 }));
    containers.push(container);
    const client = await container.attach();
    client.pause();
  }
  const pids = await Promise.all(containers.map(async ({ control }) => (await control.status()).monitor.pid));
  const average = () => pids.reduce((sum, pid) => sum + pss(pid), 0) / count;
  const busy = average();
  while (average() > most) await delay(100);
  t.diagnostic(`${busy.toFixed(0)} KiB at work, ${average().toFixed(0)} KiB idle`);
  assert.ok(average() <= most);
});
