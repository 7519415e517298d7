import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger } from "../../src/base/index.ts";
import { serveNames } from "../../src/network/dns/server.ts";
import { debianProgram, temporaryDirectory } from "../environment/index.ts";
import {
  busybox,
  fetchFrom,
  hasTable,
  linksBecome,
  linksHere,
  startEngine,
  startHere,
  succeeding,
} from "../network/own-engine.ts";
import { inOwnNetwork } from "../network/own-network.ts";

const docker = debianProgram("docker");
const serve = ["sh", "-c", "mkdir /www; echo served > /www/index.html; exec httpd -f -p 80 -h /www"];

inOwnNetwork(import.meta.filename, busybox.skip, () => {
  test("a container that names no network is on the bridge, and its ports are published", async () => {
    const before = linksHere();
    await using tug = await startHere();
    const ok = succeeding(tug);
    const inspect = (format: string, name = "web") => ok("inspect", "-f", format, name);
    assert.deepEqual(linksHere(), before, "nothing is made before a container needs it");
    await ok("run", "-d", "--name", "web", "-p", "8080:80", "busybox", ...serve);
    await ok("run", "-d", "--name", "all", "-P", "--expose", "80", "-p", "5353:53/udp", "busybox", ...serve);
    while (fetchFrom("127.0.0.1:8080") !== "served\n") await sleep(50);
    assert.equal(await inspect("{{.HostConfig.NetworkMode}}"), "bridge\n");
    assert.equal(await inspect("{{.NetworkSettings.Networks.bridge.Gateway}}"), "172.17.0.1\n");
    assert.match(await ok("ps", "--filter", "name=web"), / 0\.0\.0\.0:8080->80\/tcp /);
    const arp = await ok("exec", "web", "cat", "/proc/net/arp");
    assert.match(arp, /^172\.17\.0\.1 .* 02:42:ac:11:00:01 /m, "the bridge keeps its address");
    assert.equal(await ok("port", "all", "53/udp"), "0.0.0.0:5353\n");
    const chosen = (await ok("port", "all", "80")).trim().split(":")[1];
    while (fetchFrom(`127.0.0.1:${chosen}`) !== "served\n") await sleep(50);
    const networks = await ok("network", "ls", "--format", "{{.Name}} {{.Driver}} {{.Scope}}");
    assert.equal(networks, "bridge bridge local\nhost host local\nnone null local\n");
    const [bridge] = JSON.parse(await ok("network", "inspect", "bridge"));
    assert.deepEqual(bridge.IPAM.Config, [{ Subnet: "172.17.0.0/16", Gateway: "172.17.0.1" }]);
    assert.deepEqual(
      Object.values(bridge.Containers).map((it) => (it as { Name: string }).Name),
      ["web", "all"],
    );
    assert.match((await tug.tug(["network", "rm", "bridge"])).stderr, /predefined and cannot be removed/);
    const hello = await ok("run", "--rm", "tug/hello");
    assert.match(hello, /^Hello from a container made by tug/);
    await ok("run", "-d", "--name", "alone", "--network", "none", "busybox", "sleep", "1000");
    assert.equal(await ok("exec", "alone", "ls", "/sys/class/net"), "lo\n");
    const refused = await tug.tug(["run", "--rm", "--network", "none", "-p", "80", "busybox", "true"]);
    assert.deepEqual(
      [refused.code, refused.stderr.split("\n")[1]],
      [125, "connect it with --network bridge, or use --network host without -p"],
    );
    await ok("rm", "-f", "web", "all", "alone");
    await tug.stopEngine("SIGTERM");
    assert.deepEqual(linksHere(), before, "an engine that ends leaves no bridge that nobody uses");
  });

  test("the stock client publishes ports without naming a network", { skip: docker.skip }, async () => {
    await using tug = await startHere();
    const run = (...words: string[]): string => {
      const env = {
        DOCKER_HOST: `unix://${tug.run}/tug.sock`,
        DOCKER_CONFIG: tug.directory,
        HOME: tug.directory,
      };
      const { status, stdout, stderr } = spawnSync(docker.path, words, { env, encoding: "utf8" });
      assert.equal(status, 0, stderr);
      return stdout;
    };
    run("run", "-d", "--name", "web", "-p", "127.0.0.1:8080:80", "busybox", ...serve);
    while (fetchFrom("127.0.0.1:8080") !== "served\n") await sleep(50);
    assert.match(run("ps"), / 127\.0\.0\.1:8080->80\/tcp /);
    assert.equal(run("port", "web"), "80/tcp -> 127.0.0.1:8080\n");
    assert.match(run("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "web"), /^172\.17\.0\.\d+\n$/);
    const address = run("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "web").trim();
    assert.match(
      run("network", "inspect", "-f", "{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}", "bridge"),
      new RegExp(`^web ${address.replaceAll(".", "\\.")}/16\n$`),
    );
    assert.match(run("network", "ls", "--filter", "type=builtin", "-q"), /^([0-9a-f]{12}\n){3}$/);
    run("network", "create", "blue");
    run("network", "connect", "blue", "web");
    run("network", "disconnect", "bridge", "web");
    assert.equal(fetchFrom("127.0.0.1:8080"), "");
    run("rm", "-f", "web");
    run("network", "rm", "blue");
  });

  test("on the bridge nobody asks for names at the machine's loopback", async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    const host = readFileSync("/etc/resolv.conf", "utf8");
    const inside = await ok("run", "--rm", "busybox", "cat", "/etc/resolv.conf");
    if (/^nameserver (127\.|::1)/m.test(host)) assert.doesNotMatch(inside, /^nameserver (127\.|::1)/m);
    else assert.equal(inside, host);
    const none = await ok("run", "--rm", "--network", "none", "busybox", "cat", "/etc/resolv.conf");
    assert.equal(none, host);
  });

  test("where all name servers are on the machine's loopback the gateway asks them", async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, "resolv.conf");
    await writeFile(file, "nameserver 127.0.0.1\nsearch example.test\n");
    const script = `mount --bind '${file}' /etc/resolv.conf && exec "$@"`;
    await using tug = await startHere("unshare", "--mount", "sh", "-c", script, "sh");
    const names = { addressesOf: () => ["192.0.2.7"], nameOf: () => undefined };
    const place = { address: "127.0.0.1", port: 53, upstream: () => [] };
    await using _ = await serveNames({ ...place, names, logger: silentLogger });
    const ok = succeeding(tug);
    const inside = await ok("run", "--rm", "busybox", "cat", "/etc/resolv.conf");
    assert.equal(inside, "nameserver 172.17.0.1\nsearch example.test\n");
    assert.match(await ok("run", "--rm", "busybox", "nslookup", "web.test"), /Address: 192\.0\.2\.7\n/);
    await ok("run", "-d", "--name", "web", "busybox", "sleep", "1000");
    assert.doesNotMatch(await ok("run", "--rm", "busybox", "nslookup", "web"), / 172\.17\.0\.[^1]/);
    await ok("rm", "-f", "web");
  });

  test("without the right to make bridges there is a warning and no network, and no published port", async () => {
    await using tug = await startHere("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin");
    const { code, stderr } = await tug.tug(["create", "--name", "idle", "busybox"]);
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /^WARNING: the container has no network: cannot make bridge .*: operation not permitted\n$/,
    );
    const mode = await tug.tug(["inspect", "-f", "{{.HostConfig.NetworkMode}}", "idle"]);
    assert.equal(mode.stdout, "none\n");
    const published = await tug.tug(["run", "--rm", "-p", "80", "busybox", "true"]);
    assert.equal(published.code, 125);
    assert.match(published.stderr, /^tug: cannot publish ports: .*not permitted\nleave -p and -P out/);
    const asked = await tug.tug(["run", "--rm", "--network", "bridge", "busybox", "true"]);
    assert.equal(asked.code, 125);
    assert.match(asked.stderr, /not permitted/);
    assert.deepEqual(linksHere(), ["lo"]);
  });

  test("the engine's own setting: none", async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    await tug.stopEngine("SIGTERM");
    const changed = { ...tug, env: { ...tug.env, TUG_DEFAULT_NETWORK: "none" } };
    await startEngine(changed);
    assert.equal(await ok("run", "--rm", "busybox", "ls", "/sys/class/net"), "lo\n");
    await ok("create", "--name", "idle", "busybox");
    assert.equal(await ok("inspect", "-f", "{{.HostConfig.NetworkMode}}", "idle"), "none\n");
    const refused = await tug.tug(["run", "--rm", "-p", "80", "busybox", "true"]);
    assert.deepEqual([refused.code, /on no network \(none\)/.test(refused.stderr)], [125, true]);
    const placed = await tug.tug(["run", "--rm", "--ip", "172.17.0.9", "busybox", "true"]);
    assert.deepEqual([placed.code, /on no network of its own \(none\)/.test(placed.stderr)], [125, true]);
    assert.deepEqual(linksHere(), ["lo"]);
  });

  test("an engine that is killed right after a container's end leaves its link to the next one", async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    for (const name of ["one", "two"])
      await ok("run", "-d", "--name", name, "-p", "80", "busybox", "sleep", "1000");
    await ok("run", "--rm", "-p", "8000:80", "busybox", "true");
    await ok("rm", "-f", "one");
    await tug.stopEngine("SIGKILL");
    await startEngine(tug);
    const [bridge = ""] = linksHere().filter((name) => name.startsWith("tug"));
    const link = linksHere().filter((name) => name.startsWith("veth"));
    assert.equal(link.length, 1, "that of the container that runs");
    await ok("run", "--rm", "-p", "8000:80", "busybox", "true");
    await linksBecome(["lo", bridge, ...link]);
    await ok("rm", "-f", "two");
    await linksBecome(["lo", bridge]);
  });

  test("an engine that is killed while containers start leaves no link, port or namespace", async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    await ok("run", "--rm", "busybox", "true");
    const [bridge = ""] = linksHere().filter((name) => name.startsWith("tug"));
    for (let round = 0; round < 3; round += 1) {
      const starts = ["a", "b", "c"].map((name, index) =>
        tug.tug([
          "run",
          "-d",
          "--name",
          `${name}${round}`,
          "-p",
          `${8000 + index}:80`,
          "busybox",
          "sleep",
          "1000",
        ]),
      );
      await sleep(40 + round * 60);
      await tug.stopEngine("SIGKILL");
      await startEngine(tug);
      await Promise.all(starts);
      const ids = (await ok("ps", "-aq")).split("\n").filter((id) => id !== "");
      if (ids.length > 0) await ok("rm", "-f", ...ids);
      await linksBecome(["lo", bridge]);
      const files = join(tug.run, "netns");
      assert.deepEqual(existsSync(files) ? readdirSync(files) : [], [], `round ${round}`);
      for (const port of [8000, 8001, 8002]) assert.equal(fetchFrom(`127.0.0.1:${port}`), "");
    }
    await ok(
      "run",
      "-d",
      "--name",
      "last",
      "-p",
      "8000:80",
      "-p",
      "8001:80",
      "-p",
      "8002:80",
      "busybox",
      ...serve,
    );
    while (fetchFrom("127.0.0.1:8002") !== "served\n") await sleep(50);
    assert.equal(await hasTable(bridge.slice(0, -1)), true);
    await ok("rm", "-f", "last");
    await tug.stopEngine("SIGTERM");
    assert.deepEqual(linksHere(), ["lo"]);
    assert.equal(await hasTable(bridge.slice(0, -1)), false);
  });
});
