import type { Server } from "node:http";
import { type Duplex, duplexPair } from "node:stream";

/**
 * A connection to a server of this process that goes through no kernel: what is written on one side is what the other
 * reads, not a copy in pieces. When one side goes, the other does.
 *
 * @returns the client's side
 */
export function innerConnection(server: Server): Duplex {
  const [near, far] = duplexPair();
  near.once("close", () => far.destroy());
  far.once("close", () => near.destroy());
  server.emit("connection", far);
  return near;
}
