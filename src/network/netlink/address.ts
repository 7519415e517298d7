import { type IpAddress, ipBytes, type Subnet, subnetOf } from "../address/ip.ts";
import { type Attribute, attribute as a, decodeAttributes } from "./attribute.ts";
import { messageFlags as f, type NetlinkAnswer, type NetlinkMessage } from "./datagram.ts";

/** Source: include/uapi/linux/rtnetlink.h, if_addr.h; address families as in socket(2). */
const message = { NEW_ADDRESS: 20, GET_ADDRESS: 22, NEW_ROUTE: 24 } as const;
const families = { 4: 2, 6: 10 } as const;
const address = { ADDRESS: 1, LOCAL: 2, FLAGS: 8 } as const;
const route = { DEVICE: 4, GATEWAY: 5 } as const;
/** Duplicate address detection would keep an IPv6 address from being used for a second; nobody else has it. */
const NO_DETECTION = 0x02;
const MAIN_TABLE = 254;
const BOOT = 3;
const UNICAST = 1;
/** How far what a route leads to is away: anywhere, or at the other end of the link. */
const UNIVERSE = 0;
const ON_LINK = 253;

/** Gives a link an address, and with it the route to its subnet. Fails with EEXIST where it has it. */
export function newAddress(index: number, ip: IpAddress, prefix: number): NetlinkMessage {
  // struct ifaddrmsg: u8 family, u8 prefix, u8 flags, u8 scope, u32 index.
  const header = Buffer.from([families[ip.family], prefix, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(index, 4);
  return {
    type: message.NEW_ADDRESS,
    flags: f.REQUEST | f.ACK | f.CREATE | f.EXCL,
    header,
    attributes: [
      a.bytes(address.LOCAL, ipBytes(ip)),
      a.bytes(address.ADDRESS, ipBytes(ip)),
      ...(ip.family === 6 ? [a.u32(address.FLAGS, NO_DETECTION)] : []),
    ],
  };
}

/** Asks for all IPv4 addresses, those of links included that are switched off. */
export function listAddresses(): NetlinkMessage {
  const header = Buffer.from([families[4], 0, 0, 0, 0, 0, 0, 0]);
  return { type: message.GET_ADDRESS, flags: f.REQUEST | f.DUMP, header };
}

/** The IPv4 subnets that links have addresses of, among answers. */
export function subnetsOf(answers: readonly NetlinkAnswer[]): Subnet[] {
  return answers.flatMap(({ type, body }): Subnet[] => {
    const bytes = decodeAttributes(body.subarray(8)).get(address.ADDRESS);
    if (type !== message.NEW_ADDRESS || body[0] !== families[4] || bytes?.length !== 4) return [];
    return [subnetOf({ family: 4, value: BigInt(bytes.readUInt32BE()) }, body[1] ?? 32)];
  });
}

/** Sends what no other route is for to a gateway. */
export function newDefaultRoute(index: number, gateway: IpAddress): NetlinkMessage {
  return defaultRoute({ index, family: gateway.family, scope: UNIVERSE }, [
    a.bytes(route.GATEWAY, ipBytes(gateway)),
  ]);
}

/** Sends what no other route is for out by a link, as if whoever has the address were a neighbour there. */
export function newOnLinkRoute(index: number, family: IpAddress["family"]): NetlinkMessage {
  return defaultRoute({ index, family, scope: ON_LINK }, []);
}

function defaultRoute(
  { index, family, scope }: { index: number; family: IpAddress["family"]; scope: number },
  more: readonly Attribute[],
): NetlinkMessage {
  // struct rtmsg: u8 family, destination and source prefix, tos, table, protocol, scope, type, then u32 flags.
  const header = Buffer.from([families[family], 0, 0, 0, MAIN_TABLE, BOOT, scope, UNICAST, 0, 0, 0, 0]);
  return {
    type: message.NEW_ROUTE,
    // In place of the one that there may be.
    flags: f.REQUEST | f.ACK | f.CREATE | f.REPLACE,
    header,
    attributes: [a.u32(route.DEVICE, index), ...more],
  };
}
