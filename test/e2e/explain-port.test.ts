import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createHelper } from "../../src/helper/index.ts";
import { attribute } from "../../src/network/netlink/attribute.ts";
import type { NetlinkMessage } from "../../src/network/netlink/datagram.ts";
import { netlinkOp } from "../../src/network/netlink/op.ts";
import { batchOf, deleteTable, newChain, newTable } from "../../src/network/nftables/objects.ts";
import type { PortExplained } from "../../src/specs/docker-api/index.ts";
import { helperPath } from "../helper/driver.ts";
import { busybox, fetchFrom, linksHere, shortcutOf, startHere, succeeding } from "../network/own-engine.ts";
import { inOwnNetwork } from "../network/own-network.ts";

const serve = ["sh", "-c", "mkdir /www; echo served > /www/index.html; exec httpd -f -p 80 -h /www"];

async function change(...messages: NetlinkMessage[]): Promise<void> {
  const request = {
    what: "change",
    from: "test",
    protocol: "NETFILTER",
    messages: batchOf(messages),
  } as const;
  await createHelper(helperPath).execute({ host: [netlinkOp(request)], stage: [], init: [] });
}

/** A chain of somebody else that drops what it does not accept. */
function strictChain(table: string): NetlinkMessage {
  const DROP = 0;
  const chain = newChain(table, "fwd", { type: "filter", at: "forward", priority: 0 });
  return { ...chain, attributes: [...(chain.attributes ?? []), attribute.be32(5, DROP)] };
}

inOwnNetwork(import.meta.filename, busybox.skip, () => {
  test("tug network explain tells who reaches a port, and why others do not", async () => {
    await using tug = await startHere();
    const ok = succeeding(tug);
    const reach = async (port: string): Promise<string[]> => {
      const found: PortExplained = JSON.parse(await ok("network", "explain", "--format", "json", port));
      return found.Publications.flatMap(({ Reach }) =>
        Reach.map(({ Answer, Because }) => `${Answer}: ${Because}`),
      );
    };
    await ok("run", "-d", "--name", "web", "-p", "8080:80", "-p", "127.0.0.1:8081:80", "busybox", ...serve);
    while (fetchFrom("127.0.0.1:8080") !== "served\n") await sleep(50);
    const everywhere = "it is published at all addresses";
    assert.equal(
      await ok("network", "explain", "8080"),
      `8080/tcp leads to port 80 of web (172.17.0.2, network bridge)
  this machine                127.0.0.1:8080   yes       ${everywhere}
  other machines              *:8080           yes       ${everywhere}
  containers of the network   172.17.0.2:80    yes       they are on one network
  other containers            *:8080           yes       ${everywhere}; those on internal networks have no way out
`,
    );
    const loopback = "no: it is published at 127.0.0.1, which is this machine's loopback";
    const here = "yes: it is published at 127.0.0.1";
    const local = await reach("8081");
    assert.deepEqual(local, [here, loopback, "yes: they are on one network", loopback]);

    await change(newTable("firewall"), strictChain("firewall"));
    const strict = "perhaps: chain fwd of table inet firewall drops what none of its rules accepts";
    assert.deepEqual((await reach("8080"))[1], strict);
    await change(deleteTable("firewall"));
    writeFileSync("/proc/sys/net/ipv4/ip_forward", "0");
    assert.deepEqual((await reach("8080"))[1], "no: net.ipv4.ip_forward is off");
    writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
    const [bridge = ""] = linksHere().filter((name) => name.startsWith("tug"));
    writeFileSync(`/proc/sys/net/ipv4/conf/${bridge}/route_localnet`, "0");
    if (shortcutOf(tug) !== undefined) {
      assert.deepEqual([(await reach("8081"))[0], fetchFrom("127.0.0.1:8081")], [here, "served\n"]);
      process.kill(shortcutOf(tug) ?? 0, "SIGKILL");
      while (shortcutOf(tug) !== undefined) await sleep(20);
    }
    while ((await reach("8081"))[0] === here) await sleep(20);
    assert.deepEqual((await reach("8081"))[0], `no: net.ipv4.conf.${bridge}.route_localnet is off`);
    assert.equal(fetchFrom("127.0.0.1:8081"), "");
    await change(deleteTable(bridge.slice(0, -1)));
    assert.match((await reach("8080"))[1] ?? "", /^no: the packet filter has lost port 8080/);

    await ok("run", "-d", "--name", "idle", "-p", "8082:80", "-p", "53:53/udp", "busybox", "sleep", "1000");
    const silent = (port: number) => Array(4).fill(`no: nothing in the container listens at port ${port}`);
    assert.deepEqual(await reach("8082"), silent(80));
    assert.deepEqual(await reach("53/udp"), silent(53));
    await ok("exec", "-d", "idle", "httpd", "-p", "127.0.0.1:80");
    while (/^no: nothing/.test((await reach("8082"))[0] ?? "")) await sleep(50);
    const shy = "no: the program listens at 127.0.0.1 of the container only, not at 172.17.0.3";
    assert.deepEqual(await reach("8082"), Array(4).fill(shy));
    await ok("rm", "-f", "web", "idle");
    assert.equal(await ok("network", "explain", "8082"), "8082/tcp leads to no container\n");
    await using server = createServer();
    await once(server.listen(8082, "127.0.0.1"), "listening");
    assert.match(
      await ok("network", "explain", "8082"),
      /; a program of this machine listens there, at 127\.0\.0\.1\n$/,
    );
    const wrong = await tug.tug(["network", "explain", "http"]);
    assert.deepEqual([wrong.code, wrong.stderr.split("\n")[0]], [1, 'tug: invalid port "http"']);
  });
});
