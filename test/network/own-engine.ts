import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TugError } from "../../src/base/index.ts";
import { createHelper } from "../../src/helper/index.ts";
import { messageFlags } from "../../src/network/netlink/datagram.ts";
import { netlinkOp } from "../../src/network/netlink/op.ts";
import { newTable } from "../../src/network/nftables/objects.ts";
import { debianProgram, loadBusybox, startTug, type TugInstance } from "../environment/index.ts";
import { helperPath } from "../helper/driver.ts";

/** The program that looks at this network namespace. */
export const busybox = debianProgram("busybox");
const program = resolve(import.meta.dirname, "../../dist/bin/engine.mjs");

/**
 * Directories for an engine in this process's network namespace, whose default network is the bridge, and that engine with
 * the image busybox. Only for files that use `inOwnNetwork`.
 *
 * @param wrapper program and arguments that the engine is started by
 */
export async function startHere(...wrapper: readonly string[]): Promise<TugInstance> {
  spawnSync(busybox.path, ["ip", "link", "set", "lo", "up"]);
  const tug = await startTug({ defaultNetwork: "bridge" });
  await mkdir(tug.run, { mode: 0o700 });
  await startEngine(tug, ...wrapper);
  await loadBusybox(tug);
  return tug;
}

/** A command would refuse to start an engine in a namespace that is not the machine's. */
export async function startEngine(tug: TugInstance, ...wrapper: readonly string[]): Promise<void> {
  await rm(join(tug.run, "tug.sock"), { force: true });
  const roots = ["--data-root", tug.data, "--run-root", tug.run];
  const [first = process.execPath, ...rest] = [...wrapper, process.execPath, program, ...roots];
  const engine = spawn(first, rest, { stdio: "ignore", detached: true, env: tug.env });
  engine.unref();
  while (!existsSync(join(tug.run, "tug.sock"))) {
    assert.equal(engine.exitCode, null, "the engine ended");
    await sleep(20);
  }
}

/** Runs commands that must succeed, for what they print. */
export function succeeding(tug: TugInstance): (...words: string[]) => Promise<string> {
  return async (...words) => {
    const { code, stdout, stderr } = await tug.tug(words);
    assert.equal(code, 0, stderr);
    return stdout;
  };
}

/** What a web server says to a request from here. */
export function fetchFrom(address: string): string {
  const args = ["wget", "-q", "-T", "2", "-O", "-", `http://${address}/`];
  return spawnSync(busybox.path, args, { encoding: "utf8" }).stdout;
}

/** Names of the links that are here. */
export function linksHere(): string[] {
  const { stdout } = spawnSync(busybox.path, ["ip", "-o", "link"], { encoding: "utf8" });
  return stdout.split("\n").flatMap((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? []);
}

/** Waits until the links here are these: what a container had goes a moment after it has ended. */
export async function linksBecome(expected: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 100 && linksHere().join() !== expected.join(); tries += 1) await sleep(50);
  assert.deepEqual(linksHere(), expected);
}

/** Whether the packet filter here has a table, of family inet. */
export async function hasTable(name: string): Promise<boolean> {
  const GET = 1;
  const { header, attributes } = newTable(name);
  const type = (10 << 8) | GET;
  const message = {
    type,
    flags: messageFlags.REQUEST | messageFlags.ACK,
    header,
    attributes: attributes ?? [],
  };
  const op = netlinkOp({ what: "look", from: "test", protocol: "NETFILTER", messages: [message] });
  try {
    await createHelper(helperPath).execute({ host: [op], stage: [], init: [] });
    return true;
  } catch (error) {
    if (error instanceof TugError && error.details.errno === "ENOENT") return false;
    throw error;
  }
}

/** The process that keeps an engine's shortcut. */
export function shortcutOf(tug: TugInstance): number | undefined {
  const engine = Number(readFileSync(`${tug.run}/engine.pid`, "utf8"));
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => [Number(pid), statusOf(pid)] as const),
  );
  const isBelow = (pid: number | undefined): boolean =>
    pid !== undefined && (pid === engine || isBelow(parents.get(pid)?.parent));
  return [...parents].find(([pid, { title }]) => title.startsWith("tug:[shortcut]") && isBelow(pid))?.[0];
}

function statusOf(pid: string): { title: string; parent: number | undefined } {
  try {
    const parent = /^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return { title: readFileSync(`/proc/${pid}/cmdline`, "utf8"), parent: Number(parent) || undefined };
  } catch {
    return { title: "", parent: undefined };
  }
}
