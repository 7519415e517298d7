import type { Subnet } from "./address/ip.ts";

/**
 * The IPv4 subnets that a machine has routes to, the default route left out. Lines that cannot be read are passed over.
 *
 * @param text content of /proc/net/route; addresses in it are in the machine's order, see proc_net(5)
 */
export function parseRoutes(text: string): Subnet[] {
  return text.split("\n").flatMap((line): Subnet[] => {
    const [, destination = "", , , , , , mask = ""] = line.trim().split(/\s+/);
    if (!/^[0-9A-F]{8}$/.test(destination) || !/^[0-9A-F]{8}$/.test(mask)) return [];
    const prefix = bitCount(Number.parseInt(mask, 16));
    if (prefix === 0) return [];
    const value = BigInt(Buffer.from(destination, "hex").readUInt32LE());
    return [{ base: { family: 4, value }, prefix }];
  });
}

function bitCount(value: number): number {
  return value
    .toString(2)
    .split("")
    .filter((bit) => bit === "1").length;
}
