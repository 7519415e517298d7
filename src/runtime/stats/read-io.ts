import type { GroupFiles } from "./group-files.ts";
import { parsePressure } from "./pressure.ts";
import type { IoEntry, IoStats } from "./types.ts";

/** What was read from and written to devices. */
export async function readIo(files: GroupFiles): Promise<IoStats> {
  if (files.version === 2) {
    return {
      ...parseUnified(await files.read("io.stat")),
      ...parsePressure(await files.read("io.pressure")),
    };
  }
  const counts = async (name: string) =>
    parseLegacy(
      (await files.read(`blkio.throttle.${name}_recursive`)) || (await files.read(`blkio.throttle.${name}`)),
    );
  return {
    ioServiceBytesRecursive: await counts("io_service_bytes"),
    ioServicedRecursive: await counts("io_serviced"),
  };
}

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 ...` lines. Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#io */
function parseUnified(text: string): IoStats {
  const devices = text.split("\n").flatMap((line) => {
    const [, major, minor, rest = ""] = /^(\d+):(\d+) (.*)$/.exec(line) ?? [];
    if (major === undefined) return [];
    const values = new Map(rest.split(" ").map((pair) => pair.split("=") as [string, string]));
    return [{ device: { major: Number(major), minor: Number(minor) }, values }];
  });
  const operations = { Read: "r", Write: "w", Discard: "d" } as const;
  const pick = (unit: "bytes" | "ios"): IoEntry[] =>
    devices.flatMap(({ device, values }) =>
      Object.entries(operations).map(([op, letter]) => ({
        ...device,
        op,
        value: BigInt(values.get(`${letter}${unit}`) ?? 0),
      })),
    );
  return { ioServiceBytesRecursive: pick("bytes"), ioServicedRecursive: pick("ios") };
}

/** `8:0 Read 1` lines. Source: https://docs.kernel.org/admin-guide/cgroup-v1/blkio-controller.html */
function parseLegacy(text: string): IoEntry[] {
  return text.split("\n").flatMap((line) => {
    const [, major, minor, op, value] = /^(\d+):(\d+) (\w+) (\d+)$/.exec(line) ?? [];
    if (op === undefined || value === undefined) return [];
    return [{ major: Number(major), minor: Number(minor), op, value: BigInt(value) }];
  });
}
