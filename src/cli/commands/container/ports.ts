import type { dockerApi } from "../../../specs/index.ts";

/** Ports in one line, neighbours as a range: `0.0.0.0:8000-8001->8000-8001/tcp, 53/udp`. */
export function renderPorts(ports: readonly dockerApi.PortSummary[]): string {
  const sorted = ports.toSorted(
    (a, b) =>
      a.PrivatePort - b.PrivatePort || (a.IP ?? "").localeCompare(b.IP ?? "") || a.Type.localeCompare(b.Type),
  );
  const ranges = new Map<string, { first: number; last: number }>();
  const ranged: string[] = [];
  const moved: string[] = [];
  for (const { IP, PrivatePort, PublicPort, Type } of sorted) {
    if (IP !== undefined && PublicPort !== undefined && PublicPort !== PrivatePort) {
      moved.push(`${hostOf(IP)}:${PublicPort}->${PrivatePort}/${Type}`);
      continue;
    }
    const key = `${PublicPort === undefined ? "" : (IP ?? "")}/${Type}`;
    const range = ranges.get(key);
    if (range?.last === PrivatePort - 1) range.last = PrivatePort;
    else {
      if (range !== undefined) ranged.push(renderRange(key, range));
      ranges.set(key, { first: PrivatePort, last: PrivatePort });
    }
  }
  return [...ranged, ...[...ranges].map(([key, range]) => renderRange(key, range)), ...moved].join(", ");
}

function renderRange(key: string, { first, last }: { first: number; last: number }): string {
  const [address = "", type = ""] = key.split("/");
  const numbers = first === last ? String(first) : `${first}-${last}`;
  return address === "" ? `${numbers}/${type}` : `${hostOf(address)}:${numbers}->${numbers}/${type}`;
}

function hostOf(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
