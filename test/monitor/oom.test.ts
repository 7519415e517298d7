import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { exitCodeOf } from "../../src/helper/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { type Container, startContainer } from "./container.ts";

const memoryRoot = "/sys/fs/cgroup/memory";
const noMemoryGroup = !existsSync(join(memoryRoot, "memory.oom_control")) && "needs the v1 memory controller";
const skip = requireRoot() || noMemoryGroup;

/** A memory group that goes with its scope. */
async function memoryGroup(limit: number): Promise<AsyncDisposable & { path: string }> {
  const path = join(memoryRoot, `tug-test-${process.pid}`);
  await mkdir(path);
  await writeFile(join(path, "memory.limit_in_bytes"), `${limit}`);
  return {
    path,
    async [Symbol.asyncDispose]() {
      while (existsSync(path)) await rmdir(path).catch(() => delay(20));
    },
  };
}

async function untilOom(container: Container): Promise<void> {
  while (!container.events.some(({ type }) => type === "oom")) await delay(10);
}

const eat = `perl -e '$x = "x" x 200_000_000'`;

test("a kill for lack of memory is reported when it happens and in the record", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using group = await memoryGroup(30_000_000);
  const oom = {
    file: join(group.path, "memory.oom_control"),
    eventControl: join(group.path, "cgroup.event_control"),
  };
  const script = `echo $$ > ${group.path}/tasks; ${eat}; echo survived; read line; exec ${eat}`;
  await using container = await startContainer(place.path, script, { oom, openStdin: true });
  const client = await container.attach();
  await client.until(/survived/);
  await untilOom(container);
  assert.equal((await container.control.status()).oomKills, 1);
  client.write("\n");
  const record = await container.finished();
  assert.equal(exitCodeOf(record), 137);
  assert.equal(record.oomKills, 2);
});

test("kills from before the container do not count", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using group = await memoryGroup(30_000_000);
  const oom = {
    file: join(group.path, "memory.oom_control"),
    eventControl: join(group.path, "cgroup.event_control"),
  };
  {
    await using first = await startContainer(place.path, `echo $$ > ${group.path}/tasks; exec ${eat}`, {
      oom,
    });
    assert.equal((await first.finished()).oomKills, 1);
  }
  await using second = await startContainer(place.path, "kill -9 $$", { oom });
  const record = await second.finished();
  assert.deepEqual([exitCodeOf(record), record.oomKills], [137, 0]);
});

test("with cgroup v2 the monitor watches the file itself", { skip: requireRoot() }, async () => {
  await using place = await temporaryDirectory();
  const file = join(place.path, "memory.events");
  const content = (kills: number) =>
    `low 0\nhigh 0\nmax 5\noom ${kills}\noom_kill ${kills}\noom_group_kill 0\n`;
  await writeFile(file, content(3));
  await using container = await startContainer(place.path, "exec sleep 1000", { oom: { file } });
  await writeFile(file, content(5), { flag: "r+" });
  await untilOom(container);
  await container.control.signal(9);
  assert.equal((await container.finished()).oomKills, 2);
});
