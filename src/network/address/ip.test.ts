import assert from "node:assert/strict";
import { test } from "node:test";
import { contains, formatIp, formatSubnet, ipBytes, overlap, parseIp, parseSubnet } from "./ip.ts";

test("addresses are written as RFC 5952 says", () => {
  const forms: readonly (readonly [string, string])[] = [
    ["172.17.0.2", "172.17.0.2"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["::", "::"],
    ["1::", "1::"],
    ["::ffff:1.2.3.4", "::ffff:102:304"],
  ];
  for (const [text, form] of forms) assert.equal(formatIp(parseIp(text)), form);
  assert.deepEqual([...ipBytes(parseIp("10.1.2.3"))], [10, 1, 2, 3]);
});

test("what is no address or subnet is refused with a hint", () => {
  for (const text of ["", "1.2.3", "1.2.3.4.5", "fe80::1%eth0", "x"])
    assert.throws(() => parseIp(text), { code: "NETWORK_ADDRESS" });
  for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/9", "10.0.0.0/-1", "::/129"])
    assert.throws(() => parseSubnet(text), { code: "NETWORK_ADDRESS" });
  assert.throws(() => parseSubnet("10.0.0.1/8"), { hint: "did you mean 10.0.0.0/8?" });
  assert.equal(formatSubnet(parseSubnet("10.0.0.1/8", { loose: true })), "10.0.0.0/8");
});

test("subnets know their addresses and each other", () => {
  const subnet = parseSubnet("172.17.0.0/16");
  assert.equal(contains(subnet, parseIp("172.17.255.255")), true);
  assert.equal(contains(subnet, parseIp("172.18.0.0")), false);
  assert.equal(contains(subnet, parseIp("::")), false);
  assert.equal(overlap(subnet, parseSubnet("172.0.0.0/8")), true);
  assert.equal(overlap(subnet, parseSubnet("172.18.0.0/16")), false);
});
