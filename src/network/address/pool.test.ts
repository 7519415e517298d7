import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIp, formatSubnet, parseSubnet } from "./ip.ts";
import { completePool, freeSubnet, takeAddress, uniqueLocalSubnet } from "./pool.ts";

const pool = completePool(parseSubnet("10.1.0.0/29"), {});

test("a network without a wish gets a private subnet that nobody uses", () => {
  assert.equal(formatSubnet(freeSubnet([])), "172.17.0.0/16");
  const taken = [parseSubnet("172.16.0.0/14"), parseSubnet("172.20.5.0/24")];
  assert.equal(formatSubnet(freeSubnet(taken)), "172.21.0.0/16");
  assert.equal(formatSubnet(freeSubnet([parseSubnet("172.0.0.0/8")])), "192.168.0.0/20");
  assert.throws(() => freeSubnet([parseSubnet("0.0.0.0/0")]), { code: "NETWORK_EXHAUSTED" });
  assert.equal(formatSubnet(uniqueLocalSubnet("0123456789abcdef".repeat(4))), "fd01:2345:6789:abcd::/64");
});

test("addresses are given out from the lowest, but for gateway and broadcast, until there is none", () => {
  const taken = new Set<string>();
  const given: string[] = [];
  for (let count = 0; count < 5; count += 1) {
    const text = formatIp(takeAddress(pool, taken));
    given.push(text);
    taken.add(text);
  }
  assert.deepEqual(given, ["10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6"]);
  assert.throws(() => takeAddress(pool, taken), { code: "NETWORK_EXHAUSTED" });
  taken.delete("10.1.0.4");
  assert.equal(formatIp(takeAddress(pool, taken)), "10.1.0.4");
});

test("a wanted address is given, or refused for a reason", () => {
  assert.equal(formatIp(takeAddress(pool, new Set(), "10.1.0.6")), "10.1.0.6");
  assert.throws(() => takeAddress(pool, new Set(["10.1.0.6"]), "10.1.0.6"), {
    code: "NETWORK_ADDRESS_TAKEN",
  });
  assert.throws(() => takeAddress(pool, new Set(), "10.1.0.1"), { code: "NETWORK_ADDRESS_TAKEN" });
  assert.throws(() => takeAddress(pool, new Set(), "10.1.1.1"), { code: "NETWORK_ADDRESS" });
});

test("a range narrows what is given out, gateway and range must lie in the subnet", () => {
  const ranged = completePool(parseSubnet("10.1.0.0/24"), { range: "10.1.0.128/30", gateway: "10.1.0.254" });
  assert.deepEqual(ranged, { subnet: "10.1.0.0/24", gateway: "10.1.0.254", range: "10.1.0.128/30" });
  assert.equal(formatIp(takeAddress(ranged, new Set())), "10.1.0.128");
  const subnet = parseSubnet("10.1.0.0/24");
  assert.throws(() => completePool(subnet, { gateway: "10.2.0.1" }), { code: "NETWORK_ADDRESS" });
  assert.throws(() => completePool(subnet, { range: "10.0.0.0/16" }), { code: "NETWORK_ADDRESS" });
  assert.throws(() => completePool(parseSubnet("10.1.0.0/31"), {}), { code: "NETWORK_ADDRESS" });
});

test("a pool may be without a gateway; the first address of its subnet is given to those who ask for it", () => {
  const open = completePool(parseSubnet("10.1.0.0/29"), {}, { needsGateway: false });
  assert.deepEqual(open, { subnet: "10.1.0.0/29" });
  assert.equal(formatIp(takeAddress(open, new Set())), "10.1.0.2");
  assert.equal(formatIp(takeAddress(open, new Set(), "10.1.0.1")), "10.1.0.1");
});

test("what is reserved is given to nobody", () => {
  const reserved = { router: "10.1.0.2", printer: "10.1.0.4" };
  const pool = completePool(parseSubnet("10.1.0.0/29"), { reserved });
  assert.deepEqual(pool.reserved, reserved);
  assert.equal(formatIp(takeAddress(pool, new Set())), "10.1.0.3");
  assert.equal(formatIp(takeAddress(pool, new Set(["10.1.0.3"]))), "10.1.0.5");
  assert.throws(() => takeAddress(pool, new Set(), "10.1.0.4"), { code: "NETWORK_ADDRESS_TAKEN" });
  const outside = { reserved: { far: "10.2.0.1" } };
  assert.throws(() => completePool(parseSubnet("10.1.0.0/29"), outside), { code: "NETWORK_ADDRESS" });
});
