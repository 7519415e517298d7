import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  busybox,
  fetchFrom,
  linksBecome,
  linksHere,
  startEngine,
  startHere,
  succeeding,
} from "../network/own-engine.ts";
import { inOwnNetwork } from "../network/own-network.ts";

const serve = ["sh", "-c", "mkdir /www; echo served > /www/index.html; exec httpd -f -p 80 -h /www"];

inOwnNetwork(import.meta.filename, busybox.skip, () => {
  test("a container on a bridge has an address, publishes ports, and leaves nothing", {}, async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    const before = linksHere();
    await ok("run", "-d", "--name", "web", "--network", "bridge", "-p", "8080:80", "busybox", ...serve);
    while (fetchFrom("127.0.0.1:8080") !== "served\n") await sleep(50);
    assert.match(await ok("ps"), /0\.0\.0\.0:8080->80\/tcp/);
    const address = (
      await ok("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "web")
    ).trim();
    assert.equal(fetchFrom(address), "served\n");
    const other = await ok(
      "run",
      "--rm",
      "--network",
      "bridge",
      "busybox",
      "wget",
      "-q",
      "-O",
      "-",
      `http://${address}/`,
    );
    assert.equal(other, "served\n");
    const taken = await tug.tug(["run", "--rm", "--network", "bridge", "-p", "8080:80", "busybox", "true"]);
    assert.deepEqual([taken.code, /port is already allocated/.test(taken.stderr)], [125, true]);
    await tug.stopEngine("SIGKILL");
    assert.equal(fetchFrom("127.0.0.1:8080"), "served\n", "ports do not need the engine");
    await startEngine(tug);
    await ok("rm", "-f", "web");
    assert.equal(fetchFrom("127.0.0.1:8080"), "");
    const bridge = linksHere().filter((name) => name.startsWith("tug"));
    assert.equal(bridge.length, 1, "the bridge stays for the next container");
    await linksBecome([...before, ...bridge]);
  });

  test("containers of a network that somebody made find each other by name", async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    await ok("network", "create", "blue");
    await ok(
      "run",
      "-d",
      "--name",
      "web",
      "--network",
      "blue",
      "--network-alias",
      "site",
      "busybox",
      ...serve,
    );
    const ask = (name: string) =>
      tug.tug([
        "run",
        "--rm",
        "--network",
        "blue",
        "busybox",
        "wget",
        "-q",
        "-T",
        "2",
        "-O",
        "-",
        `http://${name}/`,
      ]);
    for (const name of ["web", "site", "web.blue"]) {
      let answer = await ask(name);
      while (/refused/.test(answer.stderr)) answer = await ask(name);
      assert.equal(answer.stdout, "served\n", name + answer.stderr);
    }
    assert.notEqual((await ask("nobody")).code, 0);
    const inspected = JSON.parse(await ok("network", "inspect", "blue"));
    assert.deepEqual(
      Object.values(inspected[0].Containers).map((it) => (it as { Name: string }).Name),
      ["web"],
    );
    const used = await tug.tug(["network", "rm", "blue"]);
    assert.deepEqual([used.code, /has active endpoints/.test(used.stderr)], [1, true]);
    await ok("rm", "-f", "web");
    await ok("network", "rm", "blue");
  });

  test("on a network with IPv6 a port is published for both versions of IP", async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    spawnSync(busybox.path, ["ip", "addr", "add", "fd00:9::1/128", "dev", "lo"]);
    await ok("network", "create", "--ipv6", "six");
    const options = ["-p", "8080:80", "-p", "[fd00:9::1]:8081:80", "-p", "0.0.0.0:8082:80", "-p", "90"];
    await ok("run", "-d", "--name", "web", "--network", "six", ...options, "busybox", ...serve);
    while (fetchFrom("127.0.0.1:8080") !== "served\n") await sleep(50);
    assert.equal(fetchFrom("[fd00:9::1]:8080"), "served\n");
    assert.equal(fetchFrom("[fd00:9::1]:8081"), "served\n");
    assert.equal(fetchFrom("127.0.0.1:8082"), "served\n");
    assert.equal(fetchFrom("[fd00:9::1]:8082"), "");
    assert.equal(await ok("port", "web", "80"), "0.0.0.0:8080\n[::]:8080\n[fd00:9::1]:8081\n0.0.0.0:8082\n");
    const chosen = (await ok("port", "web", "90")).match(/:(\d+)$/gm);
    assert.deepEqual([chosen?.length, new Set(chosen).size], [2, 1], "one port for both");
    const address = await ok("inspect", "-f", "{{.NetworkSettings.Networks.six.GlobalIPv6Address}}", "web");
    const six = (...words: string[]) => ok("run", "--rm", "--network", "six", "busybox", ...words);
    assert.equal(await six("wget", "-q", "-O", "-", `http://[${address.trim()}]/`), "served\n");
    assert.match(await six("ping", "-6", "-c", "1", "web"), / 0% packet loss/);
    await ok("run", "-d", "--name", "alone", "--network", "none", "busybox", "sleep", "1000");
    await ok("network", "connect", "six", "alone");
    assert.match(await ok("exec", "alone", "ip", "-6", "route"), /^default via fd\S+::1 dev eth0/m);
    await ok("rm", "-f", "web", "alone");
    await ok("network", "rm", "six");
  });

  test("a running container is connected to further networks, and taken off them", async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    const routes = () => ok("exec", "web", "ip", "route");
    await ok("network", "create", "--subnet", "10.77.0.0/24", "red");
    await ok("network", "create", "--subnet", "10.78.0.0/24", "blue");
    await ok(
      "run",
      "-d",
      "--name",
      "web",
      "--network",
      "red",
      "--ip",
      "10.77.0.9",
      "-p",
      "8081:80",
      "busybox",
      ...serve,
    );
    while (fetchFrom("127.0.0.1:8081") !== "served\n") await sleep(50);
    await ok("network", "connect", "--alias", "site", "--ip", "10.78.0.7", "blue", "web");
    assert.equal(fetchFrom("10.77.0.9"), "served\n");
    assert.equal(fetchFrom("10.78.0.7"), "served\n");
    assert.match(await routes(), /^default via 10\.77\.0\.1 dev eth0/m);
    const found = await ok(
      "run",
      "--rm",
      "--network",
      "blue",
      "busybox",
      "wget",
      "-q",
      "-O",
      "-",
      "http://site/",
    );
    assert.equal(found, "served\n");
    await ok("run", "-d", "--name", "peer", "--network", "blue", "busybox", ...serve);
    const named = () => tug.tug(["exec", "web", "wget", "-q", "-O", "-", "http://peer/"]);
    while ((await named()).stdout !== "served\n") await sleep(50);
    await ok("rm", "-f", "peer");
    const again = await tug.tug(["network", "connect", "blue", "web"]);
    assert.deepEqual([again.code, /already on network blue/.test(again.stderr)], [1, true]);
    await tug.stopEngine("SIGKILL");
    await startEngine(tug);
    await ok("network", "disconnect", "red", "web");
    assert.equal(fetchFrom("127.0.0.1:8081"), "", "its port led to the network that it left");
    assert.match(await routes(), /^default via 10\.78\.0\.1 dev eth1/m);
    assert.equal(
      await ok("exec", "web", "cat", "/etc/resolv.conf").then((text) => /10\.78\.0\.1/.test(text)),
      true,
    );
    await ok("restart", "-t", "0", "web");
    assert.equal(
      await ok("inspect", "-f", "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}", "web"),
      "blue\n",
    );
    await ok("network", "disconnect", "blue", "web");
    assert.equal((await tug.tug(["network", "disconnect", "blue", "web"])).code, 1);
    await ok("network", "connect", "red", "web");
    assert.match(await routes(), /^default via 10\.77\.0\.1 dev eth0/m);
    await ok("run", "-d", "--name", "alone", "--network", "none", "busybox", "sleep", "1000");
    await ok("network", "connect", "blue", "alone");
    assert.match(await ok("exec", "alone", "ip", "-o", "addr"), / 10\.78\.0\.2\/24 /);
    await ok("rm", "-f", "web", "alone");
    await ok("network", "rm", "red", "blue");
    const format = "{{.Action}} {{.Actor.Attributes.name}}";
    const told = await ok(
      "events",
      "--since",
      "5m",
      "--until",
      "0s",
      "--filter",
      "type=network",
      "--format",
      format,
    );
    assert.deepEqual(told.split("\n").slice(0, 3), ["create red", "create blue", "connect blue"]);
    assert.deepEqual(told.split("\n").slice(-3), ["destroy red", "destroy blue", ""]);
  });
});
