import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inOwnNetwork } from "./own-network.ts";
import { inside, openPlace } from "./place.ts";

/** Sends so many datagrams of 1000 bytes to the discard port of an address. */
const flood = `
  my $socket = IO::Socket::IP->new(Proto => "udp", PeerAddr => $ARGV[0], PeerPort => 9);
  for (1 .. $ARGV[1]) { $socket->send("x" x 1000) }`;
const perl = ["perl", "-MIO::Socket::IP", "-e", flood] as const;
const COUNT = 200;

/** What links of a namespace have received and sent, in bytes. */
function traffic(text: string, link: string): { received: number; sent: number } {
  const line = text.split("\n").find((each) => each.trim().startsWith(`${link}:`)) ?? "";
  const [received = "", , , , , , , , sent = ""] = line.split(":")[1]?.trim().split(/\s+/) ?? [];
  return { received: Number(received), sent: Number(sent) };
}

/** Waits until all that was sent has come: the kernel may be a moment behind. */
async function arrives(received: () => number): Promise<void> {
  for (let tries = 0; tries < 100 && received() < COUNT * 1000; tries += 1) await sleep(20);
  assert.ok(received() >= COUNT * 1000, `${received()} bytes received`);
}

inOwnNetwork(import.meta.filename, false, () => {
  test("a network's containers send and receive no more than it lets them", async () => {
    await using place = await openPlace();
    const { networks } = place;
    // 100 bytes a second: after the burst nothing that a test would wait for.
    const limit = { rate: 100, burst: 10_000 };
    await networks.create({ name: "out", bandwidth: { egress: limit } });
    await networks.create({ name: "in", bandwidth: { ingress: limit } });
    const out = await networks.attach("out", { networks: [{ network: "out" }], ports: [] });
    const sendOut = (): void => {
      execFileSync("nsenter", [`--net=${out.namespace}`, "--", ...perl, "172.18.0.1", String(COUNT)]);
    };
    sendOut();
    const leaving = traffic(inside(out.namespace, "cat /proc/net/dev"), "eth0");
    assert.ok(leaving.sent > 1000 && leaving.sent < 30_000, `${leaving.sent} bytes sent`);

    const inward = await networks.attach("in", { networks: [{ network: "in" }], ports: [] });
    const [endpoint] = inward.endpoints;
    const sendIn = (): void =>
      void execFileSync(perl[0], [...perl.slice(1), endpoint?.ipv4 ?? "", String(COUNT)]);
    sendIn();
    const arriving = traffic(inside(inward.namespace, "cat /proc/net/dev"), "eth0");
    assert.ok(arriving.received > 1000 && arriving.received < 30_000, `${arriving.received} bytes received`);

    // The other direction is free.
    execFileSync(perl[0], [...perl.slice(1), out.endpoints[0]?.ipv4 ?? "", String(COUNT)]);
    await arrives(() => traffic(inside(out.namespace, "cat /proc/net/dev"), "eth0").received);
    execFileSync("nsenter", [`--net=${inward.namespace}`, "--", ...perl, "172.19.0.1", String(COUNT)]);
    await arrives(() => traffic(readFileSync("/proc/net/dev", "utf8"), endpoint?.link ?? "").received);
  });

  test("a container that joins such a network while it runs is limited there", async () => {
    await using place = await openPlace();
    const { networks } = place;
    const limit = { rate: 100, burst: 10_000 };
    await networks.create({ name: "slow", bandwidth: { egress: limit, ingress: limit } });
    const { namespace } = await networks.attach("one", { networks: [{ network: "bridge" }], ports: [] });
    const endpoint = await networks.join({ container: "one", namespace }, { network: "slow" });
    execFileSync("nsenter", [`--net=${namespace}`, "--", ...perl, "172.18.0.1", String(COUNT)]);
    execFileSync(perl[0], [...perl.slice(1), endpoint.ipv4 ?? "", String(COUNT)]);
    const { sent, received } = traffic(inside(namespace, "cat /proc/net/dev"), "eth1");
    assert.ok(sent < 30_000 && received < 30_000, `${sent} bytes sent, ${received} received`);
  });

  test("limits that are none are refused", async () => {
    await using place = await openPlace();
    const refused = (bandwidth: object, driver: "bridge" | "macvlan" = "bridge") =>
      assert.rejects(place.networks.create({ name: "bad", driver, bandwidth }), {
        code: "NETWORK_BANDWIDTH",
      });
    await refused({ egress: { rate: 0, burst: 10_000 } });
    await refused({ egress: { rate: 1000, burst: 100 } });
    await refused({ ingress: { rate: 2 ** 32, burst: 10_000 } });
    await refused({ ingress: { rate: 1000, burst: 10_000 } }, "macvlan");
  });
});
