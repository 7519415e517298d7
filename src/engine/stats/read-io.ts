import type { InterfaceCounts, IoCount } from "../model/container-stats.ts";
import type { GroupFiles } from "./group-files.ts";

/** What was read from and written to devices. */
export async function readIo(files: GroupFiles): Promise<{ bytes: IoCount[]; operations: IoCount[] }> {
  if (files.version === 2) return parseIoStat(await files.read("io.stat"));
  const counts = async (name: string) =>
    parseLegacyCounts(
      (await files.read(`blkio.throttle.${name}_recursive`)) || (await files.read(`blkio.throttle.${name}`)),
    );
  return { bytes: await counts("io_service_bytes"), operations: await counts("io_serviced") };
}

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 ...` lines. Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#io */
export function parseIoStat(text: string): { bytes: IoCount[]; operations: IoCount[] } {
  const devices = text.split("\n").flatMap((line) => {
    const [, major, minor, rest = ""] = /^(\d+):(\d+) (.*)$/.exec(line) ?? [];
    if (major === undefined) return [];
    const values = Object.fromEntries(rest.split(" ").map((pair) => pair.split("=")));
    return [{ device: { major: Number(major), minor: Number(minor) }, values }];
  });
  const pick = (read: string, write: string): IoCount[] =>
    devices.flatMap(({ device, values }) => [
      { ...device, op: "read", value: Number(values[read] ?? 0) },
      { ...device, op: "write", value: Number(values[write] ?? 0) },
    ]);
  return { bytes: pick("rbytes", "wbytes"), operations: pick("rios", "wios") };
}

/** `8:0 Read 1` lines, and a `Total` at the end. Source: Documentation/admin-guide/cgroup-v1/blkio-controller.rst */
export function parseLegacyCounts(text: string): IoCount[] {
  return text.split("\n").flatMap((line) => {
    const [, major, minor, op = "", value] = /^(\d+):(\d+) (\w+) (\d+)$/.exec(line) ?? [];
    if (major === undefined) return [];
    return [{ major: Number(major), minor: Number(minor), op: op.toLowerCase(), value: Number(value) }];
  });
}

/** The interfaces of /proc/PID/net/dev but for the loopback. Source: proc_pid_net(5) */
export function parseInterfaces(text: string): Record<string, InterfaceCounts> {
  const interfaces = text.split("\n").flatMap((line): [string, InterfaceCounts][] => {
    const [, name = "", rest = ""] = /^\s*([^\s:]+):\s*(.*)$/.exec(line) ?? [];
    const counts = rest.split(/\s+/).map(Number);
    if (counts.length < 16 || name === "lo") return [];
    const [rxBytes = 0, rxPackets = 0, rxErrors = 0, rxDropped = 0] = counts;
    const [txBytes = 0, txPackets = 0, txErrors = 0, txDropped = 0] = counts.slice(8);
    return [[name, { rxBytes, rxPackets, rxErrors, rxDropped, txBytes, txPackets, txErrors, txDropped }]];
  });
  return Object.fromEntries(interfaces);
}
