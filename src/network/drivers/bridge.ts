import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { errnoOf } from "../../base/index.ts";
import { formatIp, parseIp, parseSubnet } from "../address/ip.ts";
import { macBytes, macOf } from "../address/mac.ts";
import { executeHost } from "../execute.ts";
import { findLink, type HostNetwork } from "../host.ts";
import { type BridgeNetwork, type BridgeRequest, hasIpv6 } from "../model.ts";
import { newAddress } from "../netlink/address.ts";
import { deleteLink, hairpinPort, newBridge, newVeth, setLink } from "../netlink/link.ts";
import { netlinkOp } from "../netlink/op.ts";
import { limitQueue } from "../netlink/queue.ts";
import type { NetworkDriver } from "./driver.ts";

const DEFAULT_MTU = 1500;
/** Where the kernel keeps what it does with packets, by link. Below the network namespace that the engine is in. */
const SETTINGS = "/proc/sys/net";

/** Containers are at the far ends of pairs of links whose near ones are ports of a bridge. */
export const bridgeDriver: NetworkDriver<BridgeNetwork, BridgeRequest> = {
  routedHere: true,
  async check() {},
  settle({ bridge, open = true, masquerade, binding, mtu = DEFAULT_MTU }, { id }) {
    return {
      driver: "bridge",
      bridge: bridge ?? `br-${id.slice(0, 12)}`,
      open,
      ...(masquerade !== undefined && { masquerade }),
      ...(binding !== undefined && { binding: formatIp(parseIp(binding)) }),
      mtu,
    };
  },
  uplink: ({ bridge }) => bridge,
  makeUplink: makeBridge,
  async removeUplink({ helper }, { bridge, name }) {
    const op = netlinkOp({
      what: `remove bridge ${bridge}`,
      from: `network ${name}`,
      messages: [deleteLink(bridge)],
      ignore: ["ENODEV"],
    });
    await executeHost(helper, [op]);
  },
  nameLink: ({ id }, { container, ipv4, mac = macOf(container, ipv4) }) => ({
    link: nearName(container, id),
    mac,
  }),
  linkOps({ endpoint, network, uplink }, namespace) {
    const from = `network ${network.name}`;
    const { mtu } = network;
    const name = endpoint.link ?? nearName(endpoint.container, network.id);
    const near = { name, master: uplink, mtu, up: true };
    const far = { name: endpoint.interface, address: macBytes(endpoint.mac), mtu, namespace };
    return [
      netlinkOp({ what: `make link ${name}`, from, messages: [newVeth(near, far)] }),
      netlinkOp({ what: `set up link ${name}`, from, messages: [hairpinPort({ name })] }),
    ];
  },
  async limitIngress(host, { endpoint: { link = "" }, network }, limit) {
    const near = await findLink(host, link);
    if (near === undefined) throw new Error(`link ${link} is gone again`);
    const request = { what: `limit link ${link}`, from: `network ${network.name}` };
    await executeHost(host.helper, [netlinkOp({ ...request, messages: [limitQueue(near.index, limit)] })]);
  },
  routesOnLink: () => false,
};

/** The host's end of a container's link to a network. The same every time, so that a successor finds it. */
function nearName(container: string, network: string): string {
  return `veth${createHash("sha256").update(`${container} ${network}`).digest("hex").slice(0, 10)}`;
}

/** Lets the kernel route for the bridge too. */
async function makeBridge(host: HostNetwork, network: BridgeNetwork): Promise<number> {
  const { bridge, mtu, name, pools } = network;
  const from = `network ${name}`;
  // A bridge without one of its own has that of a port, and with the ports it changes under the containers.
  const ipv4 = pools.find(({ subnet }) => !subnet.includes(":"))?.gateway;
  const address = macBytes(macOf(network.id, ipv4));
  const create = netlinkOp({
    what: `make bridge ${bridge}`,
    from,
    messages: [newBridge({ name: bridge, address, mtu })],
    ignore: ["EEXIST"],
  });
  const describe = netlinkOp({
    what: `set up bridge ${bridge}`,
    from,
    messages: [setLink({ name: bridge, address, up: true, alias: `tug network ${name}`.slice(0, 200) })],
  });
  await executeHost(host.helper, [create]);
  await setUpKernel(host, network);
  await executeHost(host.helper, [describe]);
  const link = await findLink(host, bridge);
  if (link === undefined) throw new Error(`bridge ${bridge} is gone again`);
  const addresses = pools.flatMap(({ subnet, gateway }) => {
    if (gateway === undefined) return [];
    const messages = [newAddress(link.index, parseIp(gateway), parseSubnet(subnet).prefix)];
    return netlinkOp({ what: `give ${gateway} to bridge ${bridge}`, from, messages, ignore: ["EEXIST"] });
  });
  await executeHost(host.helper, addresses);
  return link.index;
}

/**
 * Routing between links, and of addresses of loopback to the bridge, which published ports on 127.0.0.1 need. The machine
 * takes no container for a router (CVE-2020-10749), and has no address of IPv6 on the bridge that it was not given. It does
 * not look for a second for others with its own address there: meanwhile it could ask for nobody's.
 */
async function setUpKernel({ logger }: HostNetwork, network: BridgeNetwork): Promise<void> {
  const { bridge, pools, internal } = network;
  const routing = pools.flatMap(({ subnet }) => {
    if (internal) return [];
    if (subnet.includes(":")) return ["ipv6/conf/all/forwarding"];
    return ["ipv4/ip_forward", `ipv4/conf/${bridge}/route_localnet`];
  });
  const settings: [setting: string, value: number][] = [
    [`ipv6/conf/${bridge}/accept_ra`, 0],
    [`ipv6/conf/${bridge}/accept_dad`, 0],
    [`ipv6/conf/${bridge}/disable_ipv6`, hasIpv6(network) ? 0 : 1],
    ...routing.map((setting): [string, number] => [setting, 1]),
  ];
  for (const [setting, value] of settings) {
    try {
      await writeFile(`${SETTINGS}/${setting}`, `${value}\n`);
    } catch (error) {
      // A kernel without IPv6.
      if (errnoOf(error) === "ENOENT" && setting.startsWith("ipv6/")) continue;
      logger.log("warn", "network.setting", { setting, error: String(error) });
    }
  }
}
