import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { errnoOf } from "../base/index.ts";
import { networkError } from "./errors.ts";
import type { Protocol } from "./nftables/ruleset.ts";

/**
 * Finds out whether a port of this machine is free, by using it for a moment; 0 lets the kernel choose one.
 *
 * @returns the port
 * @throws NETWORK_PORT_TAKEN where a program has it, NETWORK_ADDRESS where the machine has no such address
 */
export async function probePort(protocol: Protocol, address: string, port: number): Promise<number> {
  try {
    return await (protocol === "udp" ? probeDatagram(address, port) : probeStream(address, port));
  } catch (error) {
    const place = `${address}:${port}/${protocol}`;
    if (errnoOf(error) === "EADDRINUSE") {
      throw networkError("PORT_TAKEN", `cannot publish ${place}: a program of this machine listens there`, {
        hint: "choose another port, or stop that program",
      });
    }
    if (errnoOf(error) === "EADDRNOTAVAIL") {
      throw networkError("ADDRESS", `cannot publish ${place}: this machine has no such address`);
    }
    throw error;
  }
}

async function probeStream(host: string, port: number): Promise<number> {
  const server = createServer().listen({ host, port, exclusive: true, ipv6Only: true });
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : port;
}

async function probeDatagram(address: string, port: number): Promise<number> {
  const socket = createSocket(address.includes(":") ? { type: "udp6", ipv6Only: true } : { type: "udp4" });
  try {
    socket.bind({ address, port, exclusive: true });
    await once(socket, "listening");
    return socket.address().port;
  } finally {
    socket.close();
  }
}
