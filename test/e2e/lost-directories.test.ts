import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { debianProgram, loadBusybox, requireRoot, startTug, type TugInstance } from "../environment/index.ts";
import { until } from "../privileged/harness/until.ts";

const skip = requireRoot() || debianProgram("busybox").skip;

/** An engine that runs, and its pid. */
async function openRunning() {
  await using scope = new AsyncDisposableStack();
  const tug = scope.use(await startTug());
  await ok(tug, ["version"]);
  const pid = await pidOf(tug);
  const open = scope.move();
  return { tug, pid, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

async function ok(tug: TugInstance, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await tug.tug(args);
  assert.equal(code, 0, `tug ${args.join(" ")}: ${stderr}`);
  return stdout;
}

async function pidOf({ run }: TugInstance): Promise<number> {
  return Number(await readFile(join(run, "engine.pid"), "utf8"));
}

/** What is a mount point below stays, as it does for whoever removes such a directory by hand. */
function removeAll(directory: string): void {
  spawnSync("rm", ["-rf", directory], { stdio: "ignore" });
}

/** Control groups whose path names a container. */
function groupsOf(id: string): string {
  return spawnSync("find", ["/sys/fs/cgroup", "-type", "d", "-name", id], { encoding: "utf8" }).stdout;
}

async function ended(pid: number): Promise<void> {
  await until("the engine ends", async () => {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "State:\tX");
    return /^State:\s+[ZX]/m.test(status);
  });
}

test("an engine whose data directory was removed makes room for one that begins anew", { skip }, async () => {
  await using scene = await openRunning();
  const { tug, pid } = scene;
  await ok(tug, ["volume", "create", "kept"]);
  removeAll(tug.data);
  assert.equal(await ok(tug, ["volume", "ls", "-q"]), "");
  await ended(pid);
  assert.notEqual(await pidOf(tug), pid);
  await ok(tug, ["volume", "create", "new"]);
  assert.ok(existsSync(join(tug.data, "tug.db")));
});

test("so does one whose run directory was removed, and its containers have ended", { skip }, async () => {
  await using scene = await openRunning();
  const { tug, pid } = scene;
  await loadBusybox(tug);
  const id = (await ok(tug, ["run", "-d", "--name", "web", "busybox", "sleep", "1000"])).trim();
  const init = Number(await ok(tug, ["inspect", "-f", "{{.State.Pid}}", "web"]));
  removeAll(tug.run);
  assert.ok(!existsSync(join(tug.run, "tug.sock")));
  const state = await ok(tug, ["inspect", "-f", "{{.State.Status}} {{.State.Error}}", "web"]);
  assert.match(state, /^exited monitor lost/);
  await ended(pid);
  await ended(init);
  await until("its control groups go", () => groupsOf(id) === "");
  const log = await readFile(join(tug.data, "engine.log"), "utf8");
  const line = log.split("\n").find((each) => each.includes('"engine.lost"'));
  assert.match(JSON.parse(line ?? "{}").reason, /(tug|front)\.sock has been removed while the engine ran$/);
  await ok(tug, ["rm", "web"]);
  await ok(tug, ["run", "--rm", "busybox", "true"]);
});

test("an engine whose directories are gone ends without being asked", { skip }, async () => {
  await using scene = await openRunning();
  const { tug, pid } = scene;
  removeAll(tug.data);
  removeAll(tug.run);
  await ended(pid);
});
