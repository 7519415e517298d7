import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Networks } from "../../src/network/index.ts";
import { debianProgram } from "../environment/requirements.ts";
import { needsKind, openLan, ROUTER } from "./lan.ts";
import { hasTable, linksHere } from "./own-engine.ts";
import { inOwnNetwork } from "./own-network.ts";
import { inside, openPlace } from "./place.ts";

const busybox = debianProgram("busybox");
const pools = [{ subnet: "192.168.50.0/24", gateway: ROUTER }];

const attach = (networks: Networks, container: string, ...names: string[]) =>
  networks.attach(container, { networks: names.map((network) => ({ network })), ports: [] });
const reaches = (namespace: string, address: string): boolean =>
  inside(namespace, `${busybox.path} ping -c 1 -W 3 ${address} >&2 && echo yes || true`) === "yes\n";
const linksIn = (namespace: string): string[] =>
  inside(namespace, "cat /proc/net/dev")
    .match(/^ *[^ :]+(?=:)/gm)
    ?.map((name) => name.trim()) ?? [];
const addressOf = (namespace: string, link: string): string =>
  new RegExp(`${link}[@:].*?link/ether ([0-9a-f:]+)`, "s").exec(
    inside(namespace, `${busybox.path} ip link`),
  )?.[1] ?? "";
const here = "/proc/self/ns/net";

inOwnNetwork(import.meta.filename, busybox.skip, () => {
  test("containers of macvlan are beside the machine, with addresses of their own", async (t) => {
    if (!(await needsKind(t, "macvlan"))) return;
    await using lan = await openLan();
    await using place = await openPlace();
    const { networks } = place;
    await networks.create({ name: "lan", driver: "macvlan", parent: "lan0", pools });
    const request = {
      networks: [{ network: "lan" }],
      ports: [{ protocol: "tcp", containerPort: 80, hostAddress: "", hostPorts: [8080] }],
    } as const;
    const one = await networks.attach("one", request);
    const two = await attach(networks, "two", "lan");
    assert.deepEqual(one.publications, [], "the machine has no way to them");
    assert.deepEqual(
      [one, two].map(({ endpoints }) => endpoints.map(({ ipv4, mac }) => [ipv4, mac])),
      [[["192.168.50.2", "02:42:c0:a8:32:02"]], [["192.168.50.3", "02:42:c0:a8:32:03"]]],
    );
    assert.equal(addressOf(two.namespace, "eth0"), "02:42:c0:a8:32:03");
    assert.deepEqual(linksIn(one.namespace).sort(), ["eth0", "lo"]);
    assert.match(inside(one.namespace, "cat /proc/net/route"), /eth0\t00000000\t0132A8C0/);
    assert.ok(reaches(one.namespace, "192.168.50.3"));
    assert.ok(reaches(one.namespace, ROUTER));
    assert.equal(lan.lab.exec("router", busybox.path, "ping", "-c", "1", "-W", "3", "192.168.50.2").code, 0);
    assert.deepEqual(linksHere(), ["lo", "lan0"], "neither a bridge nor ends of links");
    await networks.detach("one");
    assert.equal(existsSync(one.namespace), false);
    await networks.detach("two");
    await networks.remove("lan");
    assert.deepEqual(linksHere(), ["lo", "lan0"]);
    assert.equal(await hasTable("tug"), false, "what goes beside the machine is not filtered");
  });

  test("parents must be there, and have containers of one kind and mode on them", async (t) => {
    if (!(await needsKind(t, "macvlan"))) return;
    await using _lan = await openLan();
    await using place = await openPlace();
    const { networks } = place;
    const refused = (parent: string, message: RegExp) =>
      assert.rejects(networks.create({ name: "bad", driver: "macvlan", parent }), {
        code: "NETWORK_PARENT",
        message,
      });
    await refused("lo", /loopback/);
    await refused("wan0", /"wan0" as the parent of a network: there is no such link/);
    await refused("wan0.10", /there is no link wan0/);
    await refused("lan0.4095", /1 to 4094/);
    await refused("../lan0", /no link has such a name/);
    await networks.create({ name: "one", driver: "macvlan", parent: "lan0", pools });
    await networks.create({ name: "two", driver: "macvlan", parent: "lan0", mode: "private" });
    const taken = { code: "NETWORK_PARENT_TAKEN", message: /network one is on lan0 already, as macvlan/ };
    await assert.rejects(networks.create({ name: "bad", driver: "ipvlan", parent: "lan0" }), taken);
    const passthru = { name: "through", driver: "macvlan", mode: "passthru", parent: "lan0" } as const;
    await assert.rejects(networks.create(passthru), taken);
    await networks.remove("one");
    await networks.remove("two");
    await networks.create({ ...passthru, pools });
    const own = addressOf(here, "lan0");
    const { namespace, endpoints } = await attach(networks, "one", "through");
    assert.deepEqual([endpoints[0]?.mac, addressOf(namespace, "eth0")], ["", own]);
    assert.ok(reaches(namespace, ROUTER));
    await assert.rejects(attach(networks, "two", "through"), { code: "RUNTIME_NETWORK" });
    assert.deepEqual(networks.endpoints({ container: "two" }), []);
    await networks.detach("one");
    const mac = "02:00:00:00:00:07";
    const wish = { networks: [{ network: "through", mac }], ports: [] };
    const other = await networks.attach("two", wish);
    assert.equal(addressOf(other.namespace, "eth0"), mac);
    await networks.detach("two");
    assert.equal(addressOf(here, "lan0"), own, "the parent has its own address again");
  });

  test("a container joins and leaves such a network while it runs, and its default route follows", async (t) => {
    if (!(await needsKind(t, "macvlan"))) return;
    await using _lan = await openLan();
    await using place = await openPlace();
    const { networks } = place;
    await networks.create({ name: "lan", driver: "macvlan", parent: "lan0", pools });
    await networks.create({ name: "blue" });
    const { namespace } = await attach(networks, "one", "blue");
    const route = (): string =>
      inside(namespace, "cat /proc/net/route").match(/eth.\t00000000\t\S+/)?.[0] ?? "";
    assert.equal(route(), "eth0\t00000000\t010012AC");
    const joiner = { container: "one", namespace };
    const endpoint = await networks.join(joiner, { network: "lan", ipv4: "192.168.50.9" });
    assert.deepEqual([endpoint.interface, endpoint.link], ["eth1", undefined]);
    assert.ok(reaches(namespace, ROUTER));
    await networks.leave(joiner, "blue");
    assert.equal(route(), "eth1\t00000000\t0132A8C0");
    await assert.rejects(networks.join(joiner, { network: "lan" }), { code: "NETWORK_CONNECTED" });
    await networks.leave(joiner, "lan");
    assert.deepEqual(linksIn(namespace), ["lo"]);
    await networks.join(joiner, { network: "lan" });
    assert.equal(route(), "eth0\t00000000\t0132A8C0");
  });

  test("the default route leads through the network with the highest priority", async (t) => {
    if (!(await needsKind(t, "macvlan"))) return;
    await using _lan = await openLan();
    await using place = await openPlace();
    const { networks } = place;
    await networks.create({ name: "lan", driver: "macvlan", parent: "lan0", pools });
    await networks.create({ name: "blue", ipv6: true });
    await networks.create({ name: "dark", internal: true });
    const { namespace } = await networks.attach("one", {
      networks: [{ network: "blue" }, { network: "lan", gatewayPriority: 1 }],
      ports: [],
    });
    const route = (): string =>
      inside(namespace, "cat /proc/net/route")
        .match(/eth.\t00000000\t\S+/g)
        ?.join() ?? "";
    assert.equal(route(), "eth1\t00000000\t0132A8C0");
    const joiner = { container: "one", namespace };
    await networks.join(joiner, { network: "bridge", gatewayPriority: 2 });
    assert.equal(route(), "eth2\t00000000\t010011AC", "in place of the one before");
    await networks.join(joiner, { network: "dark", gatewayPriority: 9 });
    assert.equal(route(), "eth2\t00000000\t010011AC", "that one has no way out");
    await networks.leave(joiner, "bridge");
    assert.equal(route(), "eth1\t00000000\t0132A8C0");
    await networks.join(joiner, { network: "bridge", gatewayPriority: -1 });
    await networks.leave(joiner, "lan");
    assert.equal(route(), "eth0\t00000000\t010012AC");
  });

  test("without a gateway there is no way out by such a network, and its first address waits to be asked for", async (t) => {
    if (!(await needsKind(t, "macvlan"))) return;
    await using _lan = await openLan();
    await using place = await openPlace();
    const { networks } = place;
    const subnets = [{ subnet: "192.168.50.0/24" }];
    const made = await networks.create({ name: "lan", driver: "macvlan", parent: "lan0", pools: subnets });
    assert.deepEqual(made.pools, subnets);
    await networks.create({ name: "blue" });
    const { namespace, endpoints } = await attach(networks, "one", "lan", "blue");
    assert.equal(endpoints[0]?.ipv4, "192.168.50.2");
    assert.match(inside(namespace, "cat /proc/net/route"), /eth1\t00000000\t010012AC/);
    assert.ok(reaches(namespace, ROUTER), "neighbours are reached");
    await networks.leave({ container: "one", namespace }, "blue");
    assert.doesNotMatch(inside(namespace, "cat /proc/net/route"), /eth.\t00000000/);
    const wish = { networks: [{ network: "lan", ipv4: "192.168.50.1" }], ports: [] };
    assert.equal((await networks.attach("first", wish)).endpoints[0]?.ipv4, "192.168.50.1");
  });

  test("a successor takes links back that an ended container left, also where somebody keeps its namespace", async (t) => {
    if (!(await needsKind(t, "macvlan"))) return;
    await using _lan = await openLan();
    await using place = await openPlace();
    await place.networks.create({ name: "lan", driver: "macvlan", parent: "lan0", pools });
    const dead = await attach(place.networks, "dead", "lan");
    const alive = await attach(place.networks, "alive", "lan");
    const keeper = spawn("nsenter", [`--net=${dead.namespace}`, "sh", "-c", "echo in; exec cat"]);
    await using _ended = {
      async [Symbol.asyncDispose]() {
        keeper.stdin.end();
        await once(keeper, "close");
      },
    };
    await once(keeper.stdout, "data");
    const successor = await place.reopen();
    await successor.recover((container) => container === "alive");
    assert.equal(existsSync(dead.namespace), false);
    assert.deepEqual(linksIn(`/proc/${keeper.pid}/ns/net`), ["lo"]);
    assert.deepEqual(successor.endpoints({ container: "dead" }), []);
    assert.ok(reaches(alive.namespace, ROUTER));
    assert.equal((await attach(successor, "new", "lan")).endpoints[0]?.ipv4, "192.168.50.2");
  });

  for (const [driver, kind] of [
    ["macvlan", "dm"],
    ["ipvlan", "di"],
  ] as const) {
    test(`a network of ${driver} without a parent is internal, and has a link of its own`, async (t) => {
      if (!(await needsKind(t, driver)) || !(await needsKind(t, "dummy"))) return;
      await using place = await openPlace();
      const { networks } = place;
      const { id, internal } = await networks.create({ name: "alone", driver, pools });
      assert.equal(internal, true);
      assert.deepEqual(linksHere(), ["lo"]);
      const one = await attach(networks, "one", "alone");
      const two = await attach(networks, "two", "alone");
      const own = `${kind}-${id.slice(0, 12)}`;
      assert.deepEqual(linksHere(), ["lo", own]);
      assert.ok(reaches(one.namespace, two.endpoints[0]?.ipv4 ?? ""));
      assert.doesNotMatch(inside(one.namespace, "cat /proc/net/route"), /\t00000000\t[0-9A-F]{8}\t0003/);
      for (const container of ["one", "two"]) await networks.detach(container);
      await networks[Symbol.asyncDispose]();
      assert.deepEqual(linksHere(), ["lo"], "nobody needs it when the engine ends");
      const successor = await place.reopen();
      await attach(successor, "three", "alone");
      assert.deepEqual(linksHere(), ["lo", own]);
      await successor.detach("three");
      await successor.remove("alone");
      assert.deepEqual(linksHere(), ["lo"]);
    });
  }

  test("a link for a VLAN is made, and removed after the last network that is on it", async (t) => {
    if (!(await needsKind(t, "macvlan")) || !(await needsKind(t, "vlan"))) return;
    await using _lan = await openLan();
    await using place = await openPlace();
    const { networks } = place;
    const parent = "lan0.10";
    await networks.create({ name: "one", driver: "macvlan", parent, pools });
    await networks.create({ name: "two", driver: "macvlan", parent });
    const one = await attach(networks, "one", "one");
    await attach(networks, "two", "two");
    assert.deepEqual(linksHere(), ["lo", "lan0", parent]);
    assert.match(readFileSync(`/proc/net/vlan/${parent}`, "utf8"), /VID: 10\b/);
    assert.equal(reaches(one.namespace, ROUTER), false, "the router is not on that VLAN");
    for (const name of ["one", "two"]) {
      await networks.detach(name);
      assert.ok(linksHere().includes(parent));
      await networks.remove(name);
    }
    assert.deepEqual(linksHere(), ["lo", "lan0"]);
  });

  test("containers of ipvlan have their parent's hardware address", async (t) => {
    if (!(await needsKind(t, "ipvlan"))) return;
    await using _lan = await openLan();
    await using place = await openPlace();
    const { networks } = place;
    await networks.create({ name: "lan", driver: "ipvlan", parent: "lan0", pools });
    const { namespace, endpoints } = await attach(networks, "one", "lan");
    assert.deepEqual([endpoints[0]?.mac, addressOf(namespace, "eth0")], ["", addressOf(here, "lan0")]);
    assert.ok(reaches(namespace, ROUTER));
    assert.match(inside(namespace, "cat /proc/net/route"), /eth0\t00000000\t0132A8C0/);
    const wish = { networks: [{ network: "lan", mac: "02:00:00:00:00:07" }], ports: [] };
    await assert.rejects(networks.attach("two", wish), { code: "NETWORK_ADDRESS" });
    const other = { name: "other", driver: "ipvlan", parent: "lan0", mode: "l3" } as const;
    await assert.rejects(networks.create(other), { code: "NETWORK_PARENT_TAKEN" });
    await networks.detach("one");
    await networks.remove("lan");
    await networks.create({ ...other, pools });
    await networks.create({ ...other, name: "more", pools: [{ subnet: "10.9.0.0/24" }] });
    const near = await attach(networks, "near", "other");
    const far = await attach(networks, "far", "more");
    assert.match(inside(far.namespace, "cat /proc/net/route"), /eth0\t00000000\t00000000/);
    assert.ok(reaches(far.namespace, near.endpoints[0]?.ipv4 ?? ""), "mode l3 routes between them");
  });
});
