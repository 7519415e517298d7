import assert from "node:assert/strict";
import { dirname } from "node:path";
import { test } from "node:test";
import { debianProgram } from "../environment/index.ts";
import { lacksCriu, until } from "../privileged/harness/index.ts";
import { busybox, fetchFrom, startHere, succeeding } from "./own-engine.ts";
import { inOwnNetwork } from "./own-network.ts";

/** An engine that finds criu on its PATH. */
function startWithCriu() {
  process.env.PATH = `${dirname(debianProgram("criu").path)}:${process.env.PATH}`;
  return startHere();
}

inOwnNetwork(import.meta.filename, busybox.skip || lacksCriu(), () => {
  test("a restored container is where it was in its networks, or says why it cannot", async () => {
    await using tug = await startWithCriu();
    const ok = succeeding(tug);
    const addressOf = async (network: string): Promise<string> =>
      (
        await ok("inspect", "-f", `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, "web")
      ).trim();
    await ok("network", "create", "back");
    await ok("run", "-d", "--name", "first", "--network", "bridge", "busybox", "sleep", "1000");
    const places = ["-p", "8080:80", "--network", "bridge", "--network", "back"];
    // criu has a sleep end early that it has interrupted: it is no program of its own here.
    const wait = ["sh", "-c", "while :; do sleep 1; done"];
    await ok("run", "-d", "--name", "web", ...places, "busybox", ...wait);
    const addresses = [await addressOf("bridge"), await addressOf("back")] as const;
    const settings = async () => {
      const script = `cd /proc/sys/net/ipv4; cat ping_group_range ip_unprivileged_port_start
        ip address; ip route; cat /etc/hosts /etc/resolv.conf; hostname`;
      const text = await ok("exec", "web", "sh", "-c", script);
      // Numbers of links are given out anew, and how long an address is known differs.
      return text.replaceAll(/^\d+: |@if\d+|link-netnsid \d+/gm, "");
    };
    const before = await settings();
    assert.match(before, /^0\s2147483647\n0\n/);
    await ok("checkpoint", "create", "web", "one");
    // The lowest free address would be another one now.
    await ok("rm", "-f", "first");
    await ok("start", "--checkpoint", "one", "web");
    assert.deepEqual([await addressOf("bridge"), await addressOf("back")], addresses);
    assert.equal(await settings(), before);
    await ok("exec", "-d", "web", "sh", "-c", "echo served >/tmp/index.html; exec httpd -f -p 80 -h /tmp");
    for (const address of [...addresses, "127.0.0.1:8080"])
      await until(`it serves at ${address}`, () => fetchFrom(address) === "served\n");
    await ok("stop", "-t", "0", "web");
    // Somebody else may have the address when it is needed.
    const [, back] = addresses;
    await ok("run", "-d", "--name", "thief", "--network", "back", "--ip", back, "busybox", "sleep", "1000");
    const { code, stderr } = await tug.tug(["start", "--checkpoint", "one", "web"]);
    assert.notEqual(code, 0);
    assert.match(stderr, new RegExp(back.replaceAll(".", "\\.")));
    await ok("rm", "-f", "thief");
    await ok("start", "--checkpoint", "one", "web");
    assert.deepEqual([await addressOf("bridge"), await addressOf("back")], addresses);
    await ok("rm", "-f", "web");
    await ok("network", "rm", "back");
  });

  test("a server goes on to listen", async (t) => {
    await using tug = await startWithCriu();
    const ok = succeeding(tug);
    const serve = "echo $$ >/tmp/index.html; exec httpd -f -p 80 -h /tmp";
    await ok(
      "run",
      "-d",
      "--name",
      "web",
      "-p",
      "8080:80",
      "--network",
      "bridge",
      "busybox",
      "sh",
      "-c",
      serve,
    );
    await until("it serves", () => fetchFrom("127.0.0.1:8080") === "1\n");
    const { code, stderr } = await tug.tug(["checkpoint", "create", "web", "one"]);
    if (/Can't get 1:16 opt: Operation not supported/.test(stderr))
      return t.skip("this criu cannot write down sockets on so new a kernel");
    assert.equal(code, 0, stderr);
    assert.equal(fetchFrom("127.0.0.1:8080"), "");
    await ok("start", "--checkpoint", "one", "web");
    await until("it serves again", () => fetchFrom("127.0.0.1:8080") === "1\n");
    await ok("rm", "-f", "web");
  });
});
