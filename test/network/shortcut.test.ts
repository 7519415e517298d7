import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parseMountinfo } from "../../src/host/index.ts";
import { debianProgram } from "../environment/index.ts";
import { busybox, fetchFrom, shortcutOf, startEngine, startHere, succeeding } from "./own-engine.ts";
import { inOwnNetwork } from "./own-network.ts";

const serve = ["sh", "-c", "mkdir /www; echo served > /www/index.html; exec httpd -f -p 80 -h /www"];
const nft = debianProgram("nft");

/** Where a connection from here to an address is made to, as the kernel has it, and as the socket's owner is told. */
async function ways(host: string, port: number, options: { localAddress?: string; family?: 4 | 6 } = {}) {
  const socket = connect({ host, port, ...options });
  await once(socket, "connect");
  const told = `${socket.remoteAddress} ${socket.remotePort}`;
  const local = (socket.localPort ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const tables = ["tcp", "tcp6"].map((name) => readFileSync(`/proc/self/net/${name}`, "utf8")).join("");
  socket.destroy();
  const remote = new RegExp(`^ *\\d+: [0-9A-F]+:${local} ([0-9A-F]+):([0-9A-F]{4}) 01`, "m").exec(tables);
  return { told, port: Number.parseInt(remote?.[2] ?? "", 16) };
}

/** Mount points of both versions of control groups. */
const hierarchies = parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"));
const unified = hierarchies.find(({ type }) => type === "cgroup2")?.mountPoint;
const isHybrid = unified !== undefined && hierarchies.some(({ type }) => type === "cgroup");
const skip = busybox.skip || (unified === undefined && "no control groups of version 2 are mounted");

/** An engine with a container that serves at port 80, which is published as 8080. */
async function startServed(options: readonly string[] = [], wrapper: readonly string[] = []) {
  const tug = await startHere(...wrapper);
  const ok = succeeding(tug);
  await ok("run", "-d", "--name", "web", "-p", "8080:80", ...options, "busybox", ...serve);
  while (fetchFrom("127.0.0.1:8080") !== "served\n") await sleep(50);
  return { tug, ok, [Symbol.asyncDispose]: () => tug[Symbol.asyncDispose]() };
}

inOwnNetwork(import.meta.filename, skip, () => {
  test("connections over loopback go straight to the container, which is not to be seen", async () => {
    await using served = await startServed();
    const straight = { told: "127.0.0.1 8080", port: 80 };
    assert.deepEqual(await ways("127.0.0.1", 8080), straight);
    assert.deepEqual(await ways("127.9.9.9", 8080), { told: "127.9.9.9 8080", port: 80 });
    const mapped = await ways("::ffff:127.0.0.1", 8080);
    assert.deepEqual(mapped, { told: "::ffff:127.0.0.1 8080", port: 80 });
    const translated = { told: "127.0.0.1 8080", port: 8080 };
    assert.deepEqual(await ways("127.0.0.1", 8080, { localAddress: "127.0.0.1" }), translated);
    const address = (
      await served.ok("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "web")
    ).trim();
    assert.deepEqual(await ways(address, 80), { told: `${address} 80`, port: 80 });
    await served.ok("rm", "-f", "web");
    await assert.rejects(ways("127.0.0.1", 8080), { code: "ECONNREFUSED" });
  });

  test("a port that is published at one address is reached at that one", async () => {
    await using served = await startServed(["-p", "127.0.0.2:9000:80"]);
    assert.deepEqual(await ways("127.0.0.2", 9000), { told: "127.0.0.2 9000", port: 80 });
    await assert.rejects(ways("127.0.0.1", 9000), { code: "ECONNREFUSED" });
    await served.ok("run", "-d", "--name", "more", "-p", "127.0.0.3:8081:80", "busybox", ...serve);
    assert.equal((await ways("127.0.0.2", 9000)).port, 80);
  });

  test("::1 leads to a container that has an address of IPv6", async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    await ok("network", "create", "--ipv6", "six");
    await ok("run", "-d", "--name", "web", "--network", "six", "-p", "8080:80", "busybox", ...serve);
    while (fetchFrom("127.0.0.1:8080") !== "served\n") await sleep(50);
    assert.deepEqual(await ways("::1", 8080), { told: "::1 8080", port: 80 });
    assert.equal(fetchFrom("[::1]:8080"), "served\n");
    await ok("rm", "-f", "web");
    await ok("network", "rm", "six");
  });

  test("without its process ports are reached through the packet filter, until it is there again", async () => {
    await using served = await startServed();
    const { tug, ok } = served;
    process.kill(shortcutOf(tug) ?? 0, "SIGKILL");
    while (shortcutOf(tug) !== undefined) await sleep(20);
    assert.deepEqual(await ways("127.0.0.1", 8080), { told: "127.0.0.1 8080", port: 8080 });
    await ok("run", "-d", "--name", "more", "-p", "8081:80", "busybox", ...serve);
    assert.equal((await ways("127.0.0.1", 8080)).port, 80);
    await tug.stopEngine("SIGKILL");
    while ((await ways("127.0.0.1", 8080)).port !== 8080) await sleep(20);
    await startEngine(tug);
    while ((await ways("127.0.0.1", 8080)).port !== 80) await sleep(20);
    await ok("rm", "-f", "web", "more");
    await assert.rejects(ways("127.0.0.1", 8080), { code: "ECONNREFUSED" });
  });

  test("an engine whose mount namespace lacks version 2 finds it", {
    skip: !isHybrid && "no hierarchies of both versions",
  }, async () => {
    const without = ["unshare", "-m", "sh", "-c", `umount ${unified} && exec "$@"`, "sh"];
    await using _served = await startServed([], without);
    assert.deepEqual(await ways("127.0.0.1", 8080), { told: "127.0.0.1 8080", port: 80 });
  });

  test("other network namespaces keep their own loopback, containers of the machine's network have its", async () => {
    await using served = await startServed();
    const elsewhere = `ip link set lo up; nc -l -p 8080 -e echo own & sleep 0.3; nc 127.0.0.1 8080`;
    const shell = ["-n", busybox.path, "sh", "-c", elsewhere];
    assert.equal(execFileSync("unshare", shell, { encoding: "utf8" }), "own\n");
    const fetch = ["wget", "-q", "-O", "-", "http://127.0.0.1:8080/"];
    const inside = await served.tug.tug(["run", "--rm", "busybox", ...fetch]);
    assert.match(inside.stderr, /refused/);
    assert.equal(await served.ok("run", "--rm", "--network", "host", "busybox", ...fetch), "served\n");
  });

  test("what the machine drops stays dropped", { skip: nft.skip }, async () => {
    await using served = await startServed();
    const address = await served.ok("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "web");
    const rules = `table inet host { chain output { type filter hook output priority 0;
      ip daddr ${address.trim()} tcp dport 80 reject with tcp reset; }; }`;
    assert.equal(spawnSync(nft.path, ["-f", "-"], { input: rules }).status, 0);
    await assert.rejects(ways("127.0.0.1", 8080), { code: "ECONNREFUSED" });
  });
});
