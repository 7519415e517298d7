import { createHash } from "node:crypto";
import { ipBytes, parseIp } from "./ip.ts";

/** A hardware address as people write it: `02:42:ac:11:00:02`. */
export function formatMac(bytes: Iterable<number>): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** Its six bytes. */
export function macBytes(mac: string): Uint8Array {
  return Buffer.from(mac.replaceAll(":", ""), "hex");
}

/**
 * A hardware address that follows from an IPv4 address, as Docker's do: neighbours need not forget the one before.
 *
 * @param name what it follows from where there is no such address
 */
export function macOf(name: string, ipv4: string | undefined): string {
  const bytes =
    ipv4 === undefined ? createHash("sha256").update(name).digest().subarray(0, 4) : ipBytes(parseIp(ipv4));
  return formatMac([0x02, 0x42, ...bytes]);
}
