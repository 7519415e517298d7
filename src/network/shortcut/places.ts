import { type IpAddress, ipBytes } from "../address/ip.ts";
import type { PublishedPort } from "../nftables/ruleset.ts";
import { PLACE_SIZE } from "./program.ts";

/** An address and a port as they are in the maps. */
type Place = Uint8Array;

/** The place on loopback of a port that the shortcut is for, and that in its container. */
export type ShortWay = { readonly from: Place; readonly to: Place };

/** The short ways to ports, as far as they are of TCP and can be reached over loopback. */
export function shortWays(ports: readonly PublishedPort[]): ShortWay[] {
  return ports
    .filter(({ protocol, host }) => protocol === "tcp" && (host === undefined || isLoopback(host)))
    .map(({ host, hostPort, container, containerPort }) => ({
      from: placeOf(host ?? { family: container.family, value: 0n }, hostPort),
      to: placeOf(container, containerPort),
    }));
}

function isLoopback({ family, value }: IpAddress): boolean {
  return family === 4 ? value >> 24n === 127n : value === 1n;
}

/** Addresses of IPv4 are mapped into IPv6, `::ffff:0:0/96`. */
function placeOf(address: IpAddress, port: number): Place {
  const place = new Uint8Array(PLACE_SIZE);
  const bytes = ipBytes(address);
  place.set(bytes, 16 - bytes.length);
  if (address.family === 4) place.fill(0xff, 10, 12);
  new DataView(place.buffer).setUint16(16, port);
  return place;
}
