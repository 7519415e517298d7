import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { createHelper } from "../../src/helper/index.ts";
import { parseIp } from "../../src/network/address/ip.ts";
import { driverOf } from "../../src/network/drivers/drivers.ts";
import type { Network } from "../../src/network/index.ts";
import { newAddress } from "../../src/network/netlink/address.ts";
import { deleteLink, newBridge } from "../../src/network/netlink/link.ts";
import { netlinkOp } from "../../src/network/netlink/op.ts";
import { batchOf, deleteTable } from "../../src/network/nftables/objects.ts";
import { debianProgram } from "../environment/requirements.ts";
import { helperPath } from "../helper/driver.ts";
import { hasTable } from "./own-engine.ts";
import { inOwnNetwork } from "./own-network.ts";
import { inside, openPlace, send } from "./place.ts";

const busybox = debianProgram("busybox");

const bridgeOf = (network: Network): string => driverOf(network).uplink(network);
const links = (): string => readFileSync("/proc/net/dev", "utf8");
const port = (hostPort: number, hostAddress = "0.0.0.0") =>
  ({ protocol: "tcp", containerPort: 80, hostAddress, hostPorts: [hostPort] }) as const;

inOwnNetwork(import.meta.filename, false, () => {
  test("a container gets addresses, a route and its ports, and gives all of it back", async () => {
    await using place = await openPlace();
    const { networks } = place;
    assert.deepEqual(
      networks.list().map((network) => [network.name, bridgeOf(network)]),
      [["bridge", "tug0"]],
    );
    assert.doesNotMatch(links(), /tug0:/);
    const request = { networks: [{ network: "bridge" }], ports: [port(8080)] };
    const { namespace, endpoints, publications } = await networks.attach("one", request);
    assert.deepEqual(
      endpoints.map(({ interface: name, ipv4, mac }) => [name, ipv4, mac]),
      [["eth0", "172.17.0.2", "02:42:ac:11:00:02"]],
    );
    assert.deepEqual(
      publications.map(({ hostPort }) => hostPort),
      [8080],
    );
    assert.match(links(), /tug0:/);
    assert.equal(readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8"), "1\n");
    assert.match(inside(namespace, "cat /proc/net/route"), /eth0\t00000000\t010011AC/);
    assert.match(inside(namespace, "cat /proc/net/fib_trie"), /172\.17\.0\.2/);
    const second = await networks.attach("two", { networks: [{ network: "bridge" }], ports: [] });
    assert.equal(second.endpoints[0]?.ipv4, "172.17.0.3");
    await networks.detach("one");
    await networks.detach("one");
    assert.equal(existsSync(namespace), false);
    assert.deepEqual([networks.endpoints({ container: "one" }), networks.publications("one")], [[], []]);
    assert.equal((await networks.attach("three", request)).endpoints[0]?.ipv4, "172.17.0.2");
  });

  test("the default network keeps out of the way of routes that came before its bridge", async () => {
    await using place = await openPlace();
    await send({ messages: [newBridge({ name: "other", up: true })] });
    const index = Number(/^(\d+): other:/m.exec(inside("/proc/self/ns/net", `${busybox.path} ip link`))?.[1]);
    await send({ messages: [newAddress(index, parseIp("172.17.9.1"), 24)] });
    await place.networks.prepareDefault();
    const subnets = () => place.networks.find("bridge").pools.map(({ subnet }) => subnet);
    assert.deepEqual(subnets(), ["172.18.0.0/16"]);
    const attached = await place.networks.attach("one", { networks: [{ network: "bridge" }], ports: [] });
    assert.equal(attached.endpoints[0]?.ipv4, "172.18.0.2");
    await send({ messages: [deleteLink("other")] });
    const successor = await place.reopen();
    await successor.recover(() => true);
    await successor.prepareDefault();
    assert.deepEqual(subnets(), ["172.18.0.0/16"], "it stays where its containers are");
  });

  test("the default network keeps out of the way of addresses of links that are switched off, also where it is named", async () => {
    await using place = await openPlace();
    await send({ messages: [newBridge({ name: "other" })] });
    const index = Number(/^(\d+): other:/m.exec(inside("/proc/self/ns/net", `${busybox.path} ip link`))?.[1]);
    await send({ messages: [newAddress(index, parseIp("172.17.0.1"), 16)] });
    const networks = [{ network: "bridge" }];
    const both = await Promise.all(
      ["one", "two"].map((container) => place.networks.attach(container, { networks, ports: [] })),
    );
    const addresses = both.flatMap(({ endpoints }) => endpoints.map(({ ipv4 }) => ipv4));
    assert.deepEqual(addresses.toSorted(), ["172.18.0.2", "172.18.0.3"]);
    assert.match(
      inside(place.networks.namespaceOf("one"), `${busybox.path} ping -c 1 172.18.0.3`),
      / 0% packet loss/,
    );
    await send({ messages: [deleteLink("other")] });
  });

  test("what fails leaves nothing", async () => {
    await using place = await openPlace();
    const { networks } = place;
    const request = (ports: ReturnType<typeof port>[]) => ({ networks: [{ network: "bridge" }], ports });
    await networks.attach("one", request([port(8080)]));
    const taken = networks.attach("two", request([port(8081), port(8080)]));
    await assert.rejects(taken, {
      code: "NETWORK_PORT_TAKEN",
      message: /0\.0\.0\.0:8080\/tcp: port is already allocated/,
    });
    await assert.rejects(networks.attach("two", request([port(8080, "127.0.0.1")])), {
      code: "NETWORK_PORT_TAKEN",
    });
    await using server = createServer();
    await once(server.listen(8090), "listening");
    await assert.rejects(networks.attach("two", request([port(8090)])), { code: "NETWORK_PORT_TAKEN" });
    await assert.rejects(networks.attach("two", { networks: [{ network: "nowhere" }], ports: [] }), {
      code: "NETWORK_NOT_FOUND",
    });
    assert.deepEqual(networks.endpoints({ container: "two" }), []);
    assert.equal(existsSync(join(place.namespaces, "two")), false);
    assert.equal(links().match(/veth/g)?.length, 1);
    await networks.attach("two", request([port(8081)]));
  });

  test("networks are made, found, kept while they are used, and removed with their bridges", async () => {
    await using place = await openPlace();
    const { networks } = place;
    const blue = await networks.create({ name: "blue", ipv6: true });
    assert.deepEqual(
      blue.pools.map(({ subnet, gateway }) => [
        subnet.replace(/^fd.*/, "fd"),
        gateway?.replace(/^fd.*/, "fd"),
      ]),
      [
        ["172.18.0.0/16", "172.18.0.1"],
        ["fd", "fd"],
      ],
    );
    assert.equal(networks.find("blue").id, blue.id);
    assert.equal(networks.find(blue.id.slice(0, 10)).name, "blue");
    await assert.rejects(networks.create({ name: "blue" }), { code: "NETWORK_NAME_TAKEN" });
    await assert.rejects(networks.create({ name: "a b" }), { code: "NETWORK_NAME" });
    await assert.rejects(networks.create({ name: "red", pools: [{ subnet: "172.18.5.0/24" }] }), {
      code: "NETWORK_ADDRESS_TAKEN",
    });
    const both = await networks.attach("one", {
      networks: [{ network: "blue" }, { network: "bridge" }],
      ports: [],
    });
    assert.deepEqual(
      both.endpoints.map(({ interface: name }) => name),
      ["eth0", "eth1"],
    );
    const inet6 = inside(both.namespace, "cat /proc/net/if_inet6");
    assert.match(inet6, /^fd.*eth0$/m);
    assert.doesNotMatch(inet6, /eth1$/m, "no IPv6 where the network has none");
    assert.doesNotMatch(readFileSync("/proc/net/if_inet6", "utf8"), /tug0$/m);
    const setting = (name: string) => `/proc/sys/net/ipv6/conf/${name}/accept_ra`;
    assert.equal(inside(both.namespace, `cat ${setting("eth0")} ${setting("eth1")}`), "0\n0\n");
    assert.equal(readFileSync(setting(bridgeOf(blue)), "utf8"), "0\n");
    assert.match(inside(both.namespace, "cat /proc/net/route"), /eth0\t00000000\t010012AC/);
    await assert.rejects(networks.remove("blue"), { code: "NETWORK_IN_USE" });
    await networks.detach("one");
    assert.match(links(), new RegExp(bridgeOf(blue)));
    await networks.remove("blue");
    assert.doesNotMatch(links(), new RegExp(bridgeOf(blue)));
    await assert.rejects(networks.remove("bridge"), { code: "NETWORK_PREDEFINED" });
  });

  test("a network may say where ports are published that name no address", async () => {
    await using place = await openPlace();
    const { networks } = place;
    await networks.create({ name: "local", binding: "127.0.0.1", ipv6: true });
    await networks.create({ name: "six", ipv6: true });
    const attach = async (container: string, network: string, ...ports: ReturnType<typeof port>[]) => {
      const { publications } = await networks.attach(container, { networks: [{ network }], ports });
      return publications.map(({ hostAddress, hostPort }) => `${hostAddress} ${hostPort}`);
    };
    assert.deepEqual(await attach("one", "local", port(8080, ""), port(8081)), [
      "127.0.0.1 8080",
      "0.0.0.0 8081",
    ]);
    assert.deepEqual(await attach("two", "six", port(8082, "")), ["0.0.0.0 8082", ":: 8082"]);
    assert.deepEqual(await attach("three", "bridge", port(8083, "")), ["0.0.0.0 8083"]);
    await assert.rejects(networks.create({ name: "bad", binding: "nowhere" }), { code: "NETWORK_ADDRESS" });
  });

  test("networks that are closed leave neither bridge nor table, but what containers use", async () => {
    await using place = await openPlace();
    const wish = (network: string) => ({ networks: [{ network }], ports: [] });
    await place.networks.create({ name: "red" });
    await place.networks.remove("red");
    assert.equal(await hasTable("tug"), false, "nothing is made for a network that nobody uses");
    await place.networks.create({ name: "blue" });
    await place.networks.attach("one", wish("blue"));
    await place.networks.attach("two", wish("bridge"));
    await place.networks.detach("two");
    await place.networks[Symbol.asyncDispose]();
    assert.doesNotMatch(links(), /tug0/);
    assert.match(links(), /br-/);
    assert.equal(await hasTable("tug"), true);
    const successor = await place.reopen();
    await successor.detach("one");
    await successor.remove("blue");
    await successor[Symbol.asyncDispose]();
    assert.doesNotMatch(links(), /br-/);
    assert.equal(await hasTable("tug"), false);
  });

  test("a successor takes back what containers left that do not run", async () => {
    await using place = await openPlace();
    const request = { networks: [{ network: "bridge" }], ports: [port(8080)] };
    const dead = await place.networks.attach("dead", request);
    await place.networks.attach("alive", { ...request, ports: [port(8081)] });
    const successor = await place.reopen();
    await successor.recover((container) => container === "alive");
    assert.equal(existsSync(dead.namespace), false);
    assert.deepEqual(successor.endpoints({ container: "dead" }), []);
    assert.equal(successor.endpoints({ container: "alive" }).length, 1);
    await successor.attach("new", request);
  });

  test("a bridge or a table that somebody removed is made again", async () => {
    await using place = await openPlace();
    const { networks } = place;
    const request = (hostPort: number) => ({ networks: [{ network: "bridge" }], ports: [port(hostPort)] });
    await networks.attach("one", request(8080));
    // What `nft flush ruleset` does.
    const helper = createHelper(helperPath);
    const flush = netlinkOp({
      what: "",
      from: "",
      protocol: "NETFILTER",
      messages: batchOf([deleteTable("tug")]),
    });
    await helper.execute({ host: [flush], stage: [], init: [] });
    await networks.attach("two", request(8081));
    await send({ messages: [deleteLink("tug0")] });
    const { namespace } = await networks.attach("three", request(8082));
    assert.match(links(), /tug0:/);
    assert.match(inside(namespace, "cat /proc/net/route"), /eth0\t00000000\t010011AC/);
    await helper.execute({ host: [flush], stage: [], init: [] });
    await networks.detach("one");
    await networks.detach("two");
  });

  test("containers of a network find each other by name, at once and after the engine's death", {
    skip: busybox.skip,
  }, async () => {
    await using place = await openPlace();
    const { networks } = place;
    const blue = await networks.create({ name: "blue" });
    const gateway = blue.pools[0]?.gateway;
    const join = (container: string, ...aliases: string[]) =>
      networks.attach(container, { networks: [{ network: "blue", aliases }], ports: [] });
    const { namespace } = await join("one", "web");
    // Not in the way of the server, which is in this process.
    const look = async (name: string): Promise<string> => {
      const script = `${busybox.path} nslookup ${name} ${gateway} || true`;
      return (await promisify(execFile)("nsenter", [`--net=${namespace}`, "sh", "-ec", script])).stdout;
    };
    assert.match(await look("db"), /SERVFAIL|NXDOMAIN|no servers|can't/i);
    const two = await join("two", "db", "Database");
    for (const name of ["db", "database.blue"])
      assert.match(
        await look(name),
        new RegExp(`Address:\\s+${two.endpoints[0]?.ipv4?.replaceAll(".", "\\.")}`),
      );
    assert.match(await look(two.endpoints[0]?.ipv4 ?? ""), /name = db\.blue/);
    await networks[Symbol.asyncDispose]();
    const successor = await place.reopen();
    await successor.recover(() => true);
    assert.match(await look("web.blue"), /Address:\s+172\.18\.0\.2/);
    await successor.detach("two");
    assert.doesNotMatch(await look("db"), /172\.18\.0\.3/);
  });
});
