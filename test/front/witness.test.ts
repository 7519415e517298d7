import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { silentLogger } from "../../src/base/index.ts";
import { type InitProcess, openWitness } from "../../src/helper/index.ts";
import { parseProcessStat } from "../../src/host/index.ts";
import { requireRoot, temporaryDirectory } from "../environment/index.ts";
import { ownSpawner } from "../helper/own-spawner.ts";

const [major = 0, minor = 0] = release().split(".").map(Number);
const isOld = major < 6 || (major === 6 && minor < 15);
const skip = requireRoot() || (isOld && "the kernel keeps no exit status: it is older than 6.15");

const statOf = (pid: number) => parseProcessStat(readFileSync(`/proc/${pid}/stat`, "utf8"));

function start(script: string): InitProcess & { go(): void } {
  const child = spawn("sh", ["-c", `read line; ${script}`], { stdio: ["pipe", "ignore", "ignore"] });
  const pid = child.pid ?? 0;
  return { pid, startTime: statOf(pid).startTime, go: () => void child.stdin.end("\n") };
}

test("a witness knows how processes of others have ended", { skip }, async () => {
  await using directory = await temporaryDirectory();
  await using spawner = await ownSpawner(directory.path);
  using witness = openWitness(spawner, silentLogger);
  const witnesses = (): number[] =>
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        try {
          const isWitness = readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("tug:[witness]");
          return isWitness && statOf(pid).parentPid === spawner.pid;
        } catch {
          return false;
        }
      });

  const [exits, killed, forgotten, lasting] = [
    start("exit 7"),
    start("kill -9 $$"),
    start("exit 1"),
    start("exit 3"),
  ];
  for (const process of [exits, killed, forgotten, lasting]) witness.watch(process);
  const recycled = { pid: process.pid, startTime: 1n };
  witness.watch(recycled);
  assert.equal(await witness.statusOf(recycled, 10_000), undefined);
  assert.equal(await witness.statusOf(exits, 10), undefined, "it has not ended");
  witness.forget(forgotten);
  for (const process of [exits, killed, forgotten]) process.go();
  assert.equal(await witness.statusOf(exits, 10_000), 7 << 8);
  assert.equal(await witness.statusOf(killed, 10_000), 9);
  assert.equal(await witness.statusOf(forgotten, 10), undefined);

  const [first = 0] = witnesses();
  process.kill(first, "SIGKILL");
  for (let [now] = witnesses(); now === undefined || now === first; [now] = witnesses()) await delay(10);
  await delay(50);
  lasting.go();
  assert.equal(await witness.statusOf(lasting, 10_000), 3 << 8);
  witness[Symbol.dispose]();
  while (witnesses().length > 0) await delay(10);
});
