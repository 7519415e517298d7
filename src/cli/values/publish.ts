import type { dockerApi } from "../../specs/index.ts";
import { badValue } from "./words.ts";

/** What one `--publish` asks for: ports of the container as `80/tcp`, each with where it is published. */
export type PublishedPorts = readonly (readonly [port: string, binding: dockerApi.PortBinding])[];

const PORT = /^\d{1,5}$/;

/**
 * Reads `[[ADDRESS:][HOST_PORT]:]CONTAINER_PORT[/PROTOCOL]`. Ports may be ranges: two of one length go side by side, and
 * a range of the host for one port of the container means the first that is free. IPv6 addresses stand in brackets.
 *
 * Source: https://docs.docker.com/engine/network/port-publishing/
 *
 * @throws CLI_VALUE
 */
export function readPublish(text: string): PublishedPorts {
  const [, address = "", host = "", container = "", protocol = "tcp"] =
    /^(?:(?:(\[[^\]]*\]|[^:]*):)?([^:]*):)?([^:/]+)(?:\/(\w+))?$/.exec(text) ?? [];
  if (!["tcp", "udp", "sctp"].includes(protocol))
    throw badValue(`"${protocol}" is none of tcp, udp and sctp`);
  const inside = readRange(container);
  if (inside === undefined) throw badValue(`"${container || text}" is neither a port nor a range of ports`);
  const outside = host === "" ? undefined : readRange(host);
  if (host !== "" && outside === undefined)
    throw badValue(`"${host}" is neither a port nor a range of ports`);
  const HostIp = address.replace(/^\[(.*)\]$/, "$1");
  const [first, last] = inside;
  if (outside !== undefined && first !== last && outside[1] - outside[0] !== last - first) {
    throw badValue(`the ranges ${host} and ${container} differ in length`);
  }
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const HostPort = outside === undefined ? "" : first === last ? host : String(outside[0] + index);
    return [`${first + index}/${protocol}`, { HostIp, HostPort }];
  });
}

/** First and last port; undefined where it is no range of ports. */
function readRange(text: string): readonly [number, number] | undefined {
  const [from = "", to = from, ...more] = text.split("-");
  if (!PORT.test(from) || !PORT.test(to) || more.length > 0) return undefined;
  const [first, last] = [Number(from), Number(to)];
  return first >= 1 && first <= last && last <= 65_535 ? [first, last] : undefined;
}
