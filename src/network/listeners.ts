import { readFile } from "node:fs/promises";
import { formatIp } from "./address/ip.ts";

/** States of sockets that wait for anybody: of TCP listening, of UDP not connected. Source: include/net/tcp_states.h */
const waiting = { tcp: "0A", udp: "07" } as const;

/**
 * Addresses at which programs of a network namespace wait for somebody at a port. Lines that cannot be read are passed over.
 *
 * @param directory of the namespace's files: /proc/PID/net
 * @returns undefined where that cannot be read
 */
export async function listenersAt(
  directory: string,
  protocol: "tcp" | "udp",
  port: number,
): Promise<string[] | undefined> {
  const read = (name: string) => readFile(`${directory}/${name}`, "utf8").catch(() => undefined);
  const texts = await Promise.all([read(protocol), read(`${protocol}6`)]);
  if (texts.every((text) => text === undefined)) return undefined;
  return [...new Set(texts.flatMap((text = "") => parseListeners(text, protocol, port)))];
}

/** @param text content of /proc/net/tcp, tcp6, udp or udp6: see proc_net(5) */
export function parseListeners(text: string, protocol: "tcp" | "udp", port: number): string[] {
  return text.split("\n").flatMap((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    const [, address = "", number = ""] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local) ?? [];
    if (address === "" || state !== waiting[protocol] || Number.parseInt(number, 16) !== port) return [];
    return [addressOf(address)];
  });
}

/** Addresses are in words of 32 bits in the machine's order. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.map((word) => word.match(/../g)?.toReversed().join("") ?? "").join("");
  return formatIp({ family: hex.length === 8 ? 4 : 6, value: BigInt(`0x${bytes}`) });
}
