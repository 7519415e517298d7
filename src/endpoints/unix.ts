import { once } from "node:events";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { reasonOf } from "../base/index.ts";
import { endpointError } from "./errors.ts";

/** A connection to a unix socket, half of which can be closed by itself. @throws ENDPOINT_SOCKET */
export async function dialSocket(path: string): Promise<Duplex> {
  const socket = connect({ path, allowHalfOpen: true });
  try {
    await once(socket, "connect");
    return socket;
  } catch (cause) {
    throw endpointError("SOCKET", `cannot connect to the engine at ${path}: ${reasonOf(cause)}`, { cause });
  }
}
