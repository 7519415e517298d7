import { imageError } from "../errors.ts";
import type { Host } from "./hosts/host.ts";
import { transportFailure } from "./registry-error.ts";
import type { Channel } from "./requester.ts";

export type ReachOptions = {
  open: (host: Host) => Channel;
  /** What the host is wanted for, for errors. */
  name: string;
  signal: AbortSignal | undefined;
};

/**
 * The first of several hosts that answers at all; the only one is not asked.
 * @throws IMAGE_REGISTRY_CONFIG where there are none, and the transport failure of the last
 */
export async function firstReachable(hosts: readonly Host[], options: ReachOptions): Promise<Host> {
  const { open, name, signal } = options;
  const last = hosts.at(-1);
  if (last === undefined) {
    throw imageError("REGISTRY_CONFIG", `cannot use ${name}: no host is configured that can be written to`, {
      details: { reference: name },
    });
  }
  for (const host of hosts) {
    if (hosts.length === 1) return host;
    const { http, headers, purpose } = open(host);
    try {
      const response = await http.send({ method: "GET", url: host.api, headers, signal });
      response.body.destroy();
      return host;
    } catch (error) {
      signal?.throwIfAborted();
      if (host === last) throw transportFailure(purpose, error);
    }
  }
  return last;
}
