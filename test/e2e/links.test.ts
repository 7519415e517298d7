import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { busybox, startEngine, startHere, succeeding } from "../network/own-engine.ts";
import { inOwnNetwork } from "../network/own-network.ts";

const idle = ["busybox", "sleep", "1000"];

inOwnNetwork(import.meta.filename, busybox.skip, () => {
  test("a link on the predefined network is a line of /etc/hosts, and follows the other's address", async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    const hosts = async (): Promise<string[]> =>
      (await ok("exec", "web", "cat", "/etc/hosts")).split("\n").filter((line) => line.includes("store"));
    // Whoever is left is told a moment later.
    const hostsBecome = async (expected: string[], why: string): Promise<void> => {
      for (let tries = 0; tries < 100 && (await hosts()).length !== expected.length; tries += 1)
        await sleep(50);
      assert.deepEqual(await hosts(), expected, why);
    };
    await ok("run", "-d", "--name", "db", "--hostname", "database", "-p", "5432", ...idle);
    await ok("run", "-d", "--name", "web", "--link", "db:store", "--link", "db", ...idle);
    assert.deepEqual(await hosts(), ["172.17.0.2\tstore database db"]);
    assert.match(await ok("exec", "web", "cat", "/etc/hosts"), /^172\.17\.0\.2\tdb database$/m);
    await ok("exec", "web", "ping", "-c", "1", "-W", "3", "store");
    await ok("exec", "web", "sh", "-c", "echo 10.9.9.9 mine >>/etc/hosts");
    assert.doesNotMatch(await ok("exec", "web", "env"), /STORE|DB_/);
    const links = "{{json .HostConfig.Links}} {{json .NetworkSettings.Networks.bridge.Links}}";
    assert.equal(await ok("inspect", "-f", links, "web"), '["/db:/web/store","/db:/web/db"] null\n');

    await ok("stop", "-t", "0", "db");
    await hostsBecome([], "its address may be somebody else's next");
    await ok("run", "-d", "--name", "other", "--ip", "172.17.0.2", ...idle);
    await tug.stopEngine("SIGKILL");
    await startEngine(tug);
    await ok("start", "db");
    const moved = (await ok("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "db")).trim();
    assert.notEqual(moved, "172.17.0.2", "somebody else has that now");
    assert.deepEqual(await hosts(), [`${moved}\tstore database db`]);

    assert.deepEqual(
      (await ok("exec", "web", "cat", "/etc/hosts")).match(/^10.*$/gm),
      ["10.9.9.9 mine"],
      "what the container wrote stays",
    );

    await ok("rename", "db", "base");
    assert.equal(await ok("inspect", "-f", links, "web"), '["/base:/web/store","/base:/web/db"] null\n');
    assert.deepEqual(await hosts(), [`${moved}\tstore database base`]);
    await ok("rm", "-f", "base");
    await hostsBecome([], "nobody is meant any more");
    await ok("restart", "-t", "0", "web");
    assert.deepEqual(await hosts(), [], "nobody is meant any more");
  });

  test("links to what is not there, or does not run, or is the host are refused", async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    const refused = async (words: string[], code: number, message: RegExp): Promise<void> => {
      const outcome = await tug.tug(words);
      assert.deepEqual([outcome.code, message.test(outcome.stderr)], [code, true], outcome.stderr);
    };
    await refused(
      ["run", "--link", "none", ...idle],
      125,
      /could not get container for none: no such container/,
    );
    await refused(["run", "--link", "a b", ...idle], 125, /--link: "a b" is no link such as NAME:ALIAS/);
    await ok("run", "-d", "--name", "near", "--network", "host", ...idle);
    await refused(["run", "--link", "near", ...idle], 125, /it has the host's network/);
    await refused(
      ["run", "--network", "host", "--link", "near", ...idle],
      125,
      /host type networking can't be used with links/,
    );
    await ok("create", "--name", "one", "--network", "container:two", ...idle);
    await ok("create", "--name", "two", "--network", "container:one", ...idle);
    await refused(["run", "--link", "one", ...idle], 125, /cannot link to container one: the network/);
    await ok("create", "--name", "db", ...idle);
    await ok("create", "--name", "web", "--link", "db:store", ...idle);
    await refused(["start", "web"], 1, /cannot link to a non running container: \/db AS \/web\/store/);
    await ok("start", "db");
    await ok("start", "web");
  });

  test("a link on a network with names is a name that only its container knows", async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    await ok("network", "create", "blue");
    await ok("network", "create", "green");
    // It need not be there yet.
    await ok("run", "-d", "--name", "web", "--network", "blue", "--link", "db:store", ...idle);
    await ok("run", "-d", "--name", "db", "--network", "blue", ...idle);
    await ok("run", "-d", "--name", "other", "--network", "blue", ...idle);
    const ping = (from: string, name: string) => tug.tug(["exec", from, "ping", "-c", "1", "-W", "3", name]);
    assert.equal((await ping("web", "store")).code, 0);
    assert.equal((await ping("web", "db")).code, 0);
    assert.notEqual((await ping("other", "store")).code, 0);
    assert.equal(
      await ok(
        "inspect",
        "-f",
        "{{json .HostConfig.Links}} {{json .NetworkSettings.Networks.blue.Links}}",
        "web",
      ),
      'null ["db:store"]\n',
    );
    await ok("run", "-d", "--name", "far", "--network", "green", ...idle);
    await ok("network", "connect", "--link", "far:away", "green", "web");
    assert.equal((await ping("web", "away")).code, 0, "also of a network that came later");
    await tug.stopEngine("SIGKILL");
    await startEngine(tug);
    assert.equal((await ping("web", "store")).code, 0);

    await ok("rename", "db", "base");
    assert.equal((await ping("other", "base")).code, 0);
    assert.notEqual((await ping("other", "db")).code, 0, "nobody has the name any more");
    assert.notEqual((await ping("web", "store")).code, 0);
    await ok("rename", "other", "db");
    assert.equal((await ping("web", "store")).code, 0, "it leads to whoever has the name");
  });

  test("whoever shares a container's network has its name and its files", async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    const names = (container: string) =>
      ok("exec", container, "sh", "-c", "hostname; cat /etc/hostname /etc/hosts /etc/resolv.conf");
    await ok("network", "create", "blue");
    await ok("run", "-d", "--name", "db", "--network", "blue", ...idle);
    await ok("run", "-d", "--name", "web", "--hostname", "shop", "--network", "blue", ...idle);
    await ok("run", "-d", "--name", "beside", "--network", "container:web", ...idle);
    await ok("exec", "beside", "ping", "-c", "1", "-W", "3", "db");
    assert.match(await names("beside"), /^shop\nshop\n/);
    await ok("exec", "web", "sh", "-c", "echo nameserver 192.0.2.1 > /etc/resolv.conf");
    assert.equal(await names("beside"), await names("web"));
    const paths = "{{.HostsPath}} {{.ResolvConfPath}} {{.HostnamePath}} {{.Config.Hostname}}";
    assert.equal(await ok("inspect", "-f", paths, "beside"), await ok("inspect", "-f", paths, "web"));
    await ok("run", "--rm", "--network", "container:beside", "busybox", "test", "-e", "/etc/hosts");
    const own = await tug.tug(["run", "--network", "container:beside", "--hostname", "own", ...idle]);
    assert.match(own.stderr, /invalid --hostname: conflicting options: hostname and the network mode/);
    assert.equal(own.code, 125);
    await ok("rename", "web", "site");
    await ok("create", "--name", "web", ...idle);
    await ok("restart", "-t", "0", "beside");
    assert.equal(await names("beside"), await names("site"));
  });
});
