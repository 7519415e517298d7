import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parseIp } from "../../src/network/address/ip.ts";
import { newAddress } from "../../src/network/netlink/address.ts";
import { attribute } from "../../src/network/netlink/attribute.ts";
import type { NetlinkMessage } from "../../src/network/netlink/datagram.ts";
import { deleteLink, type LinkSettings, newVeth, setLink } from "../../src/network/netlink/link.ts";
import type { LinuxNamespace } from "../../src/specs/oci-runtime/index.ts";
import { debianProgram } from "../environment/index.ts";
import { openLab } from "../network/lab.ts";
import { inOwnNetwork } from "../network/own-network.ts";
import { inside, send } from "../network/place.ts";
import {
  container,
  differs,
  plainNamespaces,
  runContainer,
  skip,
  succeeded,
  until,
} from "./harness/index.ts";

const busybox = debianProgram("busybox");
const here = `/proc/${process.pid}/ns/net`;
const MAC = "02:42:0a:58:00:02";
/** struct ifa_cacheinfo: what is left of the preferred and of the whole life in seconds, and two times. */
const tenMinutes = attribute.bytes(6, Buffer.from(Uint32Array.of(600, 600, 0, 0).buffer));
const broadcast = attribute.bytes(4, Buffer.of(10, 88, 0, 77));
const linkScope = 253;

/** Makes a pair of links here, of which `near` is to move; going out of scope what is left of it is removed. */
async function pair(near: LinkSettings & { name: string; index: number }): Promise<AsyncDisposable> {
  const far = { name: `${near.name}-far` };
  await send({
    messages: [newVeth(near, far), ...[far, near].map(({ name }) => setLink({ name, up: true }))],
  });
  return {
    [Symbol.asyncDispose]: () => send({ messages: [deleteLink(far.name)], ignore: ["ENODEV"] }),
  };
}

function scoped(message: NetlinkMessage, scope: number): NetlinkMessage {
  const header = Buffer.from(message.header);
  header.writeUInt8(scope, 3);
  return { ...message, header };
}

/** What `ip -o addr` tells of a link: addresses with their scopes, without those that the kernel itself gives links. */
function addresses(printed: string, name: string): string[] {
  return printed.split("\n").flatMap((line) => {
    const [, link, address, scope] = /^\d+: (\S+) .*inet6? (\S+).* scope (\w+)/.exec(line) ?? [];
    return link === name && address?.startsWith("fe80:") === false ? [`${address} ${scope}`] : [];
  });
}

function linksIn(namespace: string): string {
  return inside(namespace, `${busybox.path} ip link`);
}

const joining = (path: string): LinuxNamespace[] =>
  plainNamespaces.map((each) => (each.type === "network" ? { ...each, path } : each));

function needsIpv6(t: TestContext): boolean {
  const ready = inside(here, "test -e /proc/sys/net/ipv6/conf && echo yes || true") === "yes\n";
  if (!ready) t.skip("the kernel has no IPv6");
  return ready;
}

const reason =
  skip || differs({ runc: "1.1 does not know netDevices", crun: "1.21 does not know netDevices" });

inOwnNetwork(import.meta.filename, reason, () => {
  test("a network device moves into the container, and keeps what it is", async (t) => {
    if (!needsIpv6(t)) return;
    await using _pair = await pair({
      name: "nic",
      index: 101,
      mtu: 1333,
      address: Buffer.from(MAC.replaceAll(":", ""), "hex"),
    });
    const lasting = newAddress(101, parseIp("10.88.0.2"), 24);
    const passing = newAddress(101, parseIp("10.88.0.9"), 24);
    await send({
      messages: [
        { ...lasting, attributes: [...(lasting.attributes ?? []), broadcast] },
        newAddress(101, parseIp("10.88.7.7"), 32),
        newAddress(101, parseIp("fd88::2"), 64),
        scoped(newAddress(101, parseIp("169.254.9.9"), 16), linkScope),
        { ...passing, attributes: [...(passing.attributes ?? []), tenMinutes] },
      ],
    });
    const before = addresses(inside(here, `${busybox.path} ip -o addr`), "nic");
    for (const each of ["10.88.0.9/24 global", "169.254.9.9/16 link"]) assert.ok(before.includes(each));
    const args = ["sh", "-c", "busybox ip -o addr; busybox ip link show nic"];
    const { stdout } = await runContainer({ args, linux: { netDevices: { nic: {} } } });
    const kept = ["10.88.0.2/24 global", "10.88.7.7/32 global", "fd88::2/64 global"];
    assert.deepEqual(addresses(stdout, "nic"), kept);
    assert.match(stdout, /10\.88\.0\.2\/24 brd 10\.88\.0\.77 /);
    assert.match(stdout, /nic.*<.*\bUP\b.*> mtu 1333 /);
    assert.ok(stdout.includes(`link/ether ${MAC}`), stdout);
    // The kernel ends a virtual device with the last namespace that it was in.
    await until("the device has ended", () => !linksIn(here).includes("nic-far"));
  });

  test("a moved device gets the name that is asked for, or the next one of a template", async () => {
    await using _one = await pair({ name: "one", index: 111 });
    await using _two = await pair({ name: "two", index: 112 });
    await using _three = await pair({ name: "three", index: 113 });
    const netDevices = { one: { name: "eth%d" }, two: { name: "eth%d" }, three: { name: "wan" } };
    const args = ["sh", "-c", "cat /proc/net/dev | grep : | busybox cut -d: -f1"];
    const { stdout } = await runContainer({ args, linux: { netDevices } });
    const names = stdout.split("\n").map((line) => line.trim());
    for (const name of ["eth0", "eth1", "wan"]) assert.ok(names.includes(name), stdout);
    for (const name of ["one", "two", "three"]) assert.ok(!names.includes(name), stdout);
  });

  test("hooks and kernel parameters of a container name its devices (rule: devices-before-use)", async () => {
    await using _pair = await pair({ name: "nic", index: 121 });
    await using made = await container({
      args: ["cat", "/proc/sys/net/ipv4/conf/lan0/rp_filter"],
      linux: { netDevices: { nic: { name: "lan0" } }, sysctl: { "net.ipv4.conf.lan0.rp_filter": "2" } },
    });
    const seen = join(made.directory, "seen");
    const script = `cat /proc/$(grep -o '"pid":[0-9]*' | cut -d: -f2)/net/dev > ${seen}`;
    const path = join(made.bundle, "config.json");
    const hook = { path: "/bin/sh", args: ["sh", "-c", script], env: ["PATH=/bin:/usr/bin"] };
    const config = { ...JSON.parse(readFileSync(path, "utf8")), hooks: { createRuntime: [hook] } };
    writeFileSync(path, JSON.stringify(config));
    assert.equal(succeeded(await made.run()).stdout, "2\n");
    assert.match(readFileSync(seen, "utf8"), /\blan0:/);
  });

  test("a device takes another number where its own is taken, and stays in a namespace that is joined", async () => {
    await using lab = await openLab("inner");
    await lab.send("inner", [newVeth({ name: "old", index: 131 }, { name: "old-far", index: 140 })]);
    await using _pair = await pair({ name: "nic", index: 131 });
    await send({ messages: [newAddress(131, parseIp("10.88.0.2"), 24)] });
    await using made = await container({
      args: ["busybox", "ip", "-o", "addr"],
      linux: { namespaces: joining(lab.path("inner")), netDevices: { nic: {} } },
    });
    const { stdout } = succeeded(await made.run());
    assert.deepEqual(addresses(stdout, "nic"), ["10.88.0.2/24 global"]);
    assert.match(linksIn(lab.path("inner")), /^141: nic/m);
    assert.doesNotMatch(linksIn(here), /: nic@/);
  });

  test("a device moves into a network namespace of a container with ids of its own", async () => {
    await using _pair = await pair({ name: "nic", index: 151 });
    const mapping = [{ containerID: 0, hostID: 100000, size: 65536 }];
    await using made = await container({
      args: ["busybox", "ip", "-o", "link", "show", "nic"],
      linux: {
        namespaces: [...plainNamespaces, { type: "user" }],
        uidMappings: mapping,
        gidMappings: mapping,
        netDevices: { nic: {} },
      },
    });
    chmodSync(made.directory, 0o755);
    const { stdout } = succeeded(await made.run());
    assert.match(stdout, /nic.*<.*\bUP\b/);
  });

  test("what cannot move stays as it was, and is named", async () => {
    await using lab = await openLab("inner");
    await lab.send("inner", [newVeth({ name: "taken" }, { name: "taken-far" })]);
    await using _pair = await pair({ name: "nic", index: 161 });
    await send({ messages: [newAddress(161, parseIp("10.88.0.2"), 24)] });
    for (const [netDevices, path, message] of [
      [
        { missing: {} },
        undefined,
        "cannot find network device missing (config.json#/linux/netDevices/missing): no such device",
      ],
      [
        { nic: { name: "taken" } },
        lab.path("inner"),
        "cannot move network device nic into the container as taken (config.json#/linux/netDevices/nic): the container's network namespace has a device of that name",
      ],
      [
        { nic: {} },
        here,
        "cannot move network device nic into the container as nic (config.json#/linux/netDevices/nic): the container is in the network namespace that the device is in",
      ],
      [{ lo: { name: "x" } }, undefined, "cannot move network device lo into the container as x"],
    ] as const) {
      const namespaces = path === undefined ? plainNamespaces : joining(path);
      await using made = await container({ args: ["true"], linux: { namespaces, netDevices } });
      const { code, stderr } = await made.create();
      assert.equal(code, 1);
      assert.ok(stderr.includes(message), stderr);
      made.assertNothingLeft();
      assert.deepEqual(addresses(inside(here, `${busybox.path} ip -o addr`), "nic").slice(0, 1), [
        "10.88.0.2/24 global",
      ]);
      assert.match(linksIn(here), /: nic@.*\bUP\b/);
    }
  });

  test("a device whose addresses the container's namespace refuses goes back", async (t) => {
    if (!needsIpv6(t)) return;
    await using lab = await openLab("inner");
    lab.exec("inner", "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    await using _pair = await pair({ name: "nic", index: 171 });
    await send({
      messages: [newAddress(171, parseIp("10.88.0.2"), 24), newAddress(171, parseIp("fd88::2"), 64)],
    });
    await using made = await container({
      args: ["true"],
      linux: { namespaces: joining(lab.path("inner")), netDevices: { nic: { name: "other" } } },
    });
    const { code, stderr } = await made.create();
    assert.equal(code, 1);
    assert.match(stderr, /cannot move network device nic .*IPv6 is disabled/);
    assert.doesNotMatch(linksIn(lab.path("inner")), /nic|other/);
    const back = inside(here, `${busybox.path} ip -o addr; ${busybox.path} ip link show nic`);
    assert.match(back, /^171: nic@.*\bUP\b/m);
    assert.deepEqual(addresses(back, "nic"), ["10.88.0.2/24 global", "fd88::2/64 global"]);
  });

  test("devices stay where they are while a container is shown, changed and deleted", async () => {
    await using lab = await openLab("inner");
    await using _pair = await pair({ name: "nic", index: 181 });
    await using made = await container({
      args: ["sleep", "100"],
      linux: { namespaces: joining(lab.path("inner")), netDevices: { nic: {} } },
    });
    succeeded(await made.create());
    assert.equal("netDevices" in (await made.state()), false);
    succeeded(await made.delete("--force"));
    assert.match(linksIn(lab.path("inner")), /: nic@/);
  });
});
