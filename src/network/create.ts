import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { overlap, parseSubnet, type Subnet } from "./address/ip.ts";
import { completePool, freeSubnet, uniqueLocalSubnet } from "./address/pool.ts";
import { driverOf } from "./drivers/drivers.ts";
import { networkError } from "./errors.ts";
import { executeHost } from "./execute.ts";
import type { HostNetwork } from "./host.ts";
import { parseRoutes } from "./host-routes.ts";
import type { AddressPool, Network, NetworkRequest } from "./model.ts";
import { listAddresses, subnetsOf } from "./netlink/address.ts";
import { decodeAnswers } from "./netlink/datagram.ts";
import { netlinkOp } from "./netlink/op.ts";
import type { NetworkStore } from "./store.ts";

/**
 * Puts a network on record. Its link on the host is made when the first container is connected.
 *
 * @param transaction runs its argument so that nobody else changes the records meanwhile
 * @throws NETWORK_NAME, NETWORK_NAME_TAKEN, NETWORK_BRIDGE_TAKEN, NETWORK_PARENT*, NETWORK_ADDRESS, NETWORK_EXHAUSTED
 */
export async function createNetwork(
  { host, store }: { readonly host: HostNetwork; readonly store: NetworkStore },
  request: NetworkRequest,
  transaction: <T>(work: () => T) => T,
): Promise<Network> {
  checkName(request.name);
  const driver = driverOf(request);
  const { bandwidth = {} } = request;
  checkBandwidth(request);
  await driver.check(host, request);
  const routes = await usedSubnets(host);
  const id = randomBytes(32).toString("hex");
  return transaction(() => {
    const others = store.list();
    const own = others.flatMap(({ pools }) => pools.map(({ subnet }) => parseSubnet(subnet)));
    const network: Network = {
      id,
      name: request.name,
      createdAt: new Date().toISOString(),
      internal: request.internal ?? false,
      ...driver.settle(request, { id, others }),
      labels: request.labels ?? {},
      options: request.options ?? {},
      ...(Object.keys(bandwidth).length > 0 && { bandwidth }),
      pools: poolsOf(request, { id, own, routes }, { needsGateway: driver.routedHere }),
    };
    store.add(network);
    return network;
  });
}

/**
 * Gives a network another subnet where the machine has got routes to its own, or addresses of it, since that was chosen. Only
 * for one whose bridge is not there: its own route is one of them.
 *
 * @throws NETWORK_EXHAUSTED
 */
export async function moveNetwork(
  { host, store }: { readonly host: HostNetwork; readonly store: NetworkStore },
  network: Network,
): Promise<void> {
  const routes = await usedSubnets(host);
  const clashes = ({ subnet }: AddressPool): boolean => {
    const own = parseSubnet(subnet);
    return own.base.family === 4 && routes.some((route) => overlap(route, own));
  };
  if (!network.pools.some(clashes)) return;
  const others = store.list().filter(({ id }) => id !== network.id);
  const own = others.flatMap(({ pools }) => pools.map(({ subnet }) => parseSubnet(subnet)));
  store.replace({ ...network, pools: poolsOf({ name: network.name }, { id: network.id, own, routes }) });
}

const LISTED = 1;

/** The IPv4 subnets that the machine has routes to, or addresses of: a link that is switched off has no route. */
async function usedSubnets({ helper }: HostNetwork): Promise<Subnet[]> {
  const routes = parseRoutes(await readFile("/proc/net/route", "utf8").catch(() => ""));
  const list = { what: "list addresses", from: "network", messages: [listAddresses()], tag: LISTED };
  const data = await executeHost(helper, [netlinkOp(list)]);
  const own = subnetsOf(decodeAnswers(data.get(LISTED) ?? Buffer.alloc(0)));
  return [...routes, ...own.filter(({ prefix }) => prefix > 0)];
}

function poolsOf(
  { pools = [], ipv6 = false }: NetworkRequest,
  { id, own, routes }: { id: string; own: readonly Subnet[]; routes: readonly Subnet[] },
  needs: { readonly needsGateway?: boolean } = {},
): AddressPool[] {
  const chosen = pools.map(({ subnet, gateway, range, reserved }) => {
    const base =
      subnet === undefined ? freeSubnet([...own, ...routes]) : parseSubnet(subnet, { loose: true });
    const wanted = { ...(gateway && { gateway }), ...(range && { range }), ...(reserved && { reserved }) };
    return { base, pool: completePool(base, wanted, needs) };
  });
  const has = (family: 4 | 6): boolean => chosen.some(({ base }) => base.base.family === family);
  if (!has(4)) {
    const base = freeSubnet([...own, ...routes]);
    chosen.unshift({ base, pool: completePool(base, {}, needs) });
  }
  if (ipv6 && !has(6)) {
    const base = uniqueLocalSubnet(id);
    chosen.push({ base, pool: completePool(base, {}, needs) });
  }
  const families = chosen.map(({ base }) => base.base.family);
  if (new Set(families).size < families.length) {
    throw networkError("ADDRESS", "a network has one subnet of IPv4 and one of IPv6 at most");
  }
  for (const { base, pool } of chosen) checkFree(base, pool, own);
  return chosen.map(({ pool }) => pool);
}

function checkFree(base: Subnet, { subnet }: AddressPool, own: readonly Subnet[]): void {
  const taken = own.find((other) => overlap(other, base));
  if (taken === undefined) return;
  throw networkError("ADDRESS_TAKEN", `subnet ${subnet} overlaps with that of another network`, {
    hint: "choose another one, or leave --subnet out",
  });
}

/** Below this not even one packet of a usual size could go. */
const LEAST_BURST = 2000;
const MOST = 0xffffffff;

/** @throws NETWORK_BANDWIDTH */
function checkBandwidth(request: NetworkRequest): void {
  const { bandwidth = {}, driver = "bridge" } = request;
  if (bandwidth.ingress !== undefined && driverOf(request).limitIngress === undefined) {
    throw networkError("BANDWIDTH", `what containers of a network of ${driver} are sent cannot be limited`, {
      hint: "limit what they send, or take a bridge",
    });
  }
  for (const limit of [bandwidth.ingress, bandwidth.egress]) {
    if (limit === undefined) continue;
    const { rate, burst } = limit;
    if (rate >= 1 && rate <= MOST && burst >= LEAST_BURST && burst <= MOST) continue;
    throw networkError(
      "BANDWIDTH",
      `a rate of ${rate * 8} and a burst of ${burst * 8} bits are out of range`,
      {
        hint: `rates are 8 to ${MOST * 8} bits a second, bursts ${LEAST_BURST * 8} to ${MOST * 8} bits`,
      },
    );
  }
}

/** As Docker has it. */
function checkName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name) && !["host", "none", "default", "container"].includes(name))
    return;
  throw networkError("NAME", `"${name}" is no name for a network`, {
    hint: "letters, digits, and _ . - after the first character; not host, none, default or container",
  });
}
