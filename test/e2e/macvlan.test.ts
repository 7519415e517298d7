import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { needsKind, openLan, ROUTER } from "../network/lan.ts";
import {
  busybox,
  linksBecome,
  linksHere,
  startEngine,
  startHere,
  succeeding,
} from "../network/own-engine.ts";
import { inOwnNetwork } from "../network/own-network.ts";

inOwnNetwork(import.meta.filename, busybox.skip, () => {
  test("containers on macvlan live beside the machine, also after the engine's death", async (t) => {
    if (!(await needsKind(t, "macvlan"))) return;
    await using lan = await openLan();
    await using tug = await startHere();
    const ok = succeeding(tug);
    const create = ["network", "create", "-d", "macvlan", "--subnet", "192.168.50.0/24", "--gateway", ROUTER];
    const missing = await tug.tug([...create, "-o", "parent=wan0", "lan"]);
    assert.match(missing.stderr, /cannot use "wan0" as the parent of a network: there is no such link/);
    await ok(...create, "-o", "parent=lan0", "-o", "macvlan_mode=bridge", "lan");
    assert.equal(
      await ok("network", "inspect", "-f", "{{.Driver}} {{.Internal}} {{json .Options}}", "lan"),
      'macvlan false {"parent":"lan0","macvlan_mode":"bridge"}\n',
    );
    const before = linksHere();
    const onLan = ["--network", "lan", "busybox"];
    await ok(
      "run",
      "-d",
      "--name",
      "one",
      "-p",
      "8080:80",
      "--ip",
      "192.168.50.20",
      ...onLan,
      "sleep",
      "1000",
    );
    assert.equal(await ok("port", "one"), "", "the machine has no way to it");
    assert.deepEqual(linksHere(), before);
    const ping = ["ping", "-c", "1", "-W", "3"];
    await ok("run", "--rm", ...onLan, ...ping, "192.168.50.20");
    await ok("exec", "one", ...ping, ROUTER);
    await ok("run", "-d", "--name", "two", "busybox", "sleep", "1000");
    await ok("network", "connect", "--ip", "192.168.50.21", "lan", "two");
    await ok("exec", "two", ...ping, "192.168.50.20");
    await ok("network", "disconnect", "bridge", "two");
    await ok("exec", "two", ...ping, "-I", "eth1", ROUTER);
    await tug.stopEngine("SIGKILL");
    await startEngine(tug);
    assert.equal(lan.lab.exec("router", busybox.path, ...ping, "192.168.50.21").code, 0);
    const inUse = await tug.tug(["network", "rm", "lan"]);
    assert.match(inUse.stderr, /network lan has active endpoints/);
    await ok("rm", "-f", "one", "two");
    await ok("network", "rm", "lan");
    await ok("network", "prune");
    await linksBecome([...before, ...linksHere().filter((name) => name.startsWith("tug"))]);
  });

  test("containers on macvlan know each other by name, as long as they are there", async (t) => {
    if (!(await needsKind(t, "macvlan"))) return;
    await using _lan = await openLan();
    await using tug = await startHere();
    const ok = succeeding(tug);
    await ok("network", "create", "-d", "macvlan", "-o", "parent=lan0", "--subnet", "192.168.50.0/24", "lan");
    const idle = ["busybox", "sleep", "1000"];
    const ping = ["ping", "-c", "1", "-W", "3"];
    const hosts = async (name: string): Promise<string[]> =>
      (await ok("exec", name, "cat", "/etc/hosts")).split("\n").filter((line) => line.includes(".lan"));
    await ok("run", "-d", "--name", "one", "--network", "lan", "--network-alias", "first", ...idle);
    await ok("exec", "one", "sh", "-c", "echo nameserver 192.0.2.1 > /etc/resolv.conf");
    await ok("run", "-d", "--name", "two", "--network", "lan", ...idle);
    await ok("exec", "two", ...ping, "first");
    await ok("exec", "one", ...ping, "two.lan");
    await ok("network", "create", "blue");
    const places = ["--network", "blue", "--network", "name=lan,alias=third"];
    await ok("run", "-d", "--name", "three", ...places, ...idle);
    await ok("exec", "three", ...ping, "first");
    assert.deepEqual(await hosts("three"), [], "who is answered names needs no lines");
    await ok("exec", "one", ...ping, "third");
    assert.equal((await hosts("one")).length, 2);
    await ok("network", "disconnect", "lan", "three");
    assert.equal((await hosts("one")).length, 1);
    await ok("rm", "-f", "two");
    // Whoever is left is told a moment later.
    for (let tries = 0; tries < 100 && (await hosts("one")).length > 0; tries += 1) await sleep(50);
    assert.deepEqual(await hosts("one"), []);
    const servers = await ok("exec", "one", "cat", "/etc/resolv.conf");
    assert.equal(servers, "nameserver 192.0.2.1\n", "what it wrote is its own");
    await tug.stopEngine("SIGKILL");
    await startEngine(tug);
    await ok("run", "-d", "--name", "four", "--network", "lan", ...idle);
    await ok("exec", "one", ...ping, "four");
  });
});
