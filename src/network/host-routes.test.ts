import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSubnet } from "./address/ip.ts";
import { parseRoutes } from "./host-routes.ts";

test("routes are subnets, the default route is none", () => {
  const text = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
nonsense
`;
  assert.deepEqual(parseRoutes(text).map(formatSubnet), ["172.17.0.0/16", "192.168.0.0/24"]);
});
