import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import { parseIp, parseSubnet } from "../../src/network/address/ip.ts";
import { batchOf, type Change } from "../../src/network/nftables/objects.ts";
import {
  type FilteredNetwork,
  type PublishedPort,
  publishPorts,
  ruleset,
  withdrawPorts,
} from "../../src/network/nftables/ruleset.ts";
import { debianProgram, requireRoot } from "../environment/requirements.ts";
import { addBridge, connect, expectSuccess, type Lab, openLab } from "./lab.ts";

const skip = requireRoot();
const busybox = debianProgram("busybox");
const nft = debianProgram("nft");
const { ENOENT, EEXIST } = constants.errno;

const blue: FilteredNetwork = {
  bridge: "br-blue",
  subnets: [parseSubnet("10.9.0.0/24")],
  internal: false,
  open: true,
  masquerade: true,
};
const red: FilteredNetwork = { ...blue, bridge: "br-red", subnets: [parseSubnet("10.8.0.0/24")] };
const web: PublishedPort = {
  host: undefined,
  hostPort: 8080,
  protocol: "tcp",
  container: parseIp("10.9.0.2"),
  containerPort: 80,
};

const change = (lab: Lab, changes: readonly Change[]) =>
  lab.send("host", batchOf(changes), { protocol: "NETFILTER" });

/** A host with two networks, `blue` (a at 10.9.0.2, b at 10.9.0.3) and `red` (c at 10.8.0.2), and a neighbour at 192.168.7.2. */
async function openHost(): Promise<Lab> {
  const lab = await openLab("host", "a", "b", "c", "neighbour");
  const blueIndex = await addBridge(lab, "br-blue", "10.9.0.1");
  const redIndex = await addBridge(lab, "br-red", "10.8.0.1");
  const outside = await addBridge(lab, "outside", "192.168.7.1");
  await connect(lab, "a", { address: "10.9.0.2", gateway: "10.9.0.1", near: { master: blueIndex } });
  await connect(lab, "b", { address: "10.9.0.3", gateway: "10.9.0.1", near: { master: blueIndex } });
  await connect(lab, "c", { address: "10.8.0.2", gateway: "10.8.0.1", near: { master: redIndex } });
  await connect(lab, "neighbour", {
    address: "192.168.7.2",
    gateway: "192.168.7.1",
    near: { master: outside },
  });
  lab.exec("host", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
  lab.exec("host", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/br-blue/route_localnet");
  return lab;
}

test("a published port leads to its container, from everywhere", { skip }, async () => {
  await using lab = await openHost();
  await expectSuccess(change(lab, ruleset("tug", { networks: [blue, red], ports: [web] })));
  await using _server = await lab.listen("a", 80, "a");
  assert.equal(
    lab.ask("neighbour", "192.168.7.1", 8080),
    "::ffff:192.168.7.2 a",
    "the client's address stays",
  );
  assert.equal(lab.ask("host", "192.168.7.1", 8080), "::ffff:192.168.7.1 a");
  assert.equal(lab.ask("host", "127.0.0.1", 8080), "::ffff:10.9.0.1 a");
  assert.equal(lab.ask("b", "192.168.7.1", 8080), "::ffff:10.9.0.1 a", "from its own network");
  assert.equal(lab.ask("a", "192.168.7.1", 8080), "::ffff:10.9.0.1 a", "from itself");
  assert.equal(lab.ask("c", "192.168.7.1", 8080), "::ffff:10.9.0.1 a", "from another network");
});

test("networks are apart, and nobody gets in but by published ports", { skip }, async () => {
  await using lab = await openHost();
  await expectSuccess(change(lab, ruleset("tug", { networks: [blue, red], ports: [web] })));
  await using _a = await lab.listen("a", 80, "a");
  await using _secret = await lab.listen("a", 81, "secret");
  await using _neighbour = await lab.listen("neighbour", 80, "neighbour");
  assert.equal(lab.ask("b", "10.9.0.2", 81), "::ffff:10.9.0.3 secret", "inside a network all ports are open");
  assert.equal(lab.ask("host", "10.9.0.2", 81), "::ffff:10.9.0.1 secret");
  assert.equal(lab.ask("c", "10.9.0.2", 81), "no connection");
  assert.equal(
    lab.ask("neighbour", "10.9.0.2", 81),
    "no connection",
    "a route to the container does not help",
  );
  assert.equal(lab.ask("neighbour", "10.9.0.2", 80), "no connection");
  assert.equal(
    lab.ask("a", "192.168.7.2", 80),
    "::ffff:192.168.7.1 neighbour",
    "what leaves has the host's address",
  );
});

test("what leaves a network has the host's address, or its own", { skip }, async () => {
  await using lab = await openHost();
  await using _server = await lab.listen("neighbour", 90, "n");
  for (const [masquerade, seen] of [
    [true, "192.168.7.1"],
    [false, "10.9.0.2"],
  ] as const) {
    await expectSuccess(change(lab, ruleset("tug", { networks: [{ ...blue, masquerade }], ports: [] })));
    assert.equal(lab.ask("a", "192.168.7.2", 90), `::ffff:${seen} n`);
  }
});

test("an internal network has no way out, a closed one no way between its containers", { skip }, async () => {
  await using lab = await openHost();
  await expectSuccess(
    change(lab, ruleset("tug", { networks: [{ ...blue, internal: true }, red], ports: [] })),
  );
  await using _neighbour = await lab.listen("neighbour", 80, "neighbour");
  await using _b = await lab.listen("b", 80, "b");
  assert.equal(lab.ask("a", "192.168.7.2", 80), "no connection");
  assert.equal(lab.ask("a", "10.9.0.3", 80), "::ffff:10.9.0.2 b");
});

test("a container cannot reach what listens on the host's loopback", {
  skip: skip || busybox.skip,
}, async () => {
  await using lab = await openHost();
  await using _host = await lab.listen("host", 99, "host");
  const script = `
    echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet
    ${busybox.path} ip address del 127.0.0.1/8 dev lo
    ${busybox.path} ip route add 127.0.0.0/8 via 10.9.0.1`;
  assert.equal(lab.exec("a", "sh", "-ec", script).stderr, "");
  assert.equal(
    lab.ask("a", "127.0.0.1", 99),
    "::ffff:10.9.0.2 host",
    "without the table the attack succeeds",
  );
  await expectSuccess(change(lab, ruleset("tug", { networks: [blue, red], ports: [] })));
  assert.equal(lab.ask("a", "127.0.0.1", 99), "no connection");
});

test("ports come and go, each once; the table can be made anew at any time", { skip }, async () => {
  await using lab = await openHost();
  await expectSuccess(change(lab, ruleset("tug", { networks: [blue, red], ports: [] })));
  await using _a = await lab.listen("a", 80, "a");
  await using _b = await lab.listen("b", 80, "b");
  assert.equal(lab.ask("host", "192.168.7.1", 8080), "no connection");
  await expectSuccess(change(lab, publishPorts("tug", [web])));
  assert.equal(lab.ask("neighbour", "192.168.7.1", 8080), "::ffff:192.168.7.2 a");
  const taken = await change(lab, publishPorts("tug", [{ ...web, container: parseIp("10.9.0.3") }]));
  assert.equal(taken.failure?.errno, EEXIST);
  const bound = { ...web, host: parseIp("192.168.7.1"), container: parseIp("10.9.0.3") };
  await expectSuccess(change(lab, publishPorts("tug", [bound])));
  assert.equal(lab.ask("neighbour", "192.168.7.1", 8080), "::ffff:192.168.7.2 b", "the more exact one wins");
  await expectSuccess(change(lab, withdrawPorts("tug", [bound])));
  assert.equal(lab.ask("neighbour", "192.168.7.1", 8080), "::ffff:192.168.7.2 a");
  await expectSuccess(change(lab, ruleset("tug", { networks: [blue, red], ports: [] })));
  assert.equal((await change(lab, withdrawPorts("tug", [web]))).failure?.errno, ENOENT);
  assert.equal(lab.ask("neighbour", "192.168.7.1", 8080), "no connection");
});

test("nft shows the table so that it can read it again", { skip: skip || nft.skip }, async () => {
  await using lab = await openHost();
  await expectSuccess(change(lab, ruleset("tug", { networks: [blue, red], ports: [web] })));
  const shown = lab.exec("host", nft.path, "list", "table", "inet", "tug").stdout;
  for (const part of ['"br-blue"', '"br-red"', "tcp . 8080 : 10.9.0.2 . 80"])
    assert.ok(shown.includes(part), shown);
  const read = lab.exec("neighbour", "sh", "-c", `${nft.path} -f - <<'END'\n${shown}END`);
  assert.deepEqual([read.code, read.stderr], [0, ""]);
});
