import { readdir, readFile } from "node:fs/promises";
import type { StoredResctrl } from "../state.ts";
import type { ResctrlStats } from "./types.ts";
import { numberIn } from "./values.ts";

/** What there is to control, and how runc's members about it begin. */
const controls = [
  ["L3", "l3_cache", ["cbm_mask", "min_cbm_bits", "num_closids"]],
  ["MB", "mem_bw", ["bandwidth_gran", "delay_linear", "min_bandwidth", "num_closids"]],
] as const;

/** What the file system says of a container's class, and of its use; without a group of its own, of all in the class. */
export async function readResctrl(place: StoredResctrl | undefined): Promise<ResctrlStats> {
  if (place === undefined) return {};
  const { root, path, monitoring = path } = place;
  const [all, own] = await Promise.all([linesOf(`${root}/schemata`), linesOf(`${path}/schemata`)]);
  const stats: Record<string, unknown> = own.length > 0 ? { schemata: own } : {};
  for (const [resource, prefix, names] of controls) {
    const info = await infoOf(`${root}/info/${resource}`, names);
    if (info === undefined) continue;
    const schemaIn = (lines: readonly string[]) => lines.find((line) => line.startsWith(`${resource}:`));
    stats[`${prefix}_info`] = info;
    stats[`${prefix}_schema_root`] = schemaIn(all);
    stats[`${prefix}_schema`] = schemaIn(own);
  }
  return { ...stats, ...(await monitoringStats(root, monitoring)) };
}

/** Which counters there are is said once for the machine. */
async function monitoringStats(root: string, group: string): Promise<ResctrlStats> {
  const features = await linesOf(`${root}/info/L3_MON/mon_features`);
  const nodes = (await readdir(`${group}/mon_data`).catch(() => [])).sort();
  const counters = async (wanted: readonly string[]) => {
    const names = wanted.filter((name) => features.includes(name));
    if (names.length === 0) return undefined;
    return await Promise.all(nodes.map((node) => countersOf(`${group}/mon_data/${node}`, names)));
  };
  const [bandwidth, occupancy] = await Promise.all([
    counters(["mbm_total_bytes", "mbm_local_bytes"]),
    counters(["llc_occupancy"]),
  ]);
  return { ...(bandwidth && { mbm_stats: bandwidth }), ...(occupancy && { cmt_stats: occupancy }) };
}

/** A counter that the processor cannot tell at the moment is 0. */
async function countersOf(directory: string, names: readonly string[]): Promise<Record<string, bigint>> {
  const values = await Promise.all(names.map((name) => linesOf(`${directory}/${name}`)));
  return Object.fromEntries(names.map((name, index) => [name, numberIn(values[index]?.[0] ?? "")]));
}

async function infoOf(
  directory: string,
  names: readonly string[],
): Promise<Record<string, string | bigint> | undefined> {
  const values = await Promise.all(names.map((name) => linesOf(`${directory}/${name}`)));
  if (values.every((lines) => lines.length === 0)) return undefined;
  return Object.fromEntries(
    names.flatMap((name, index) => {
      const text = values[index]?.[0];
      if (text === undefined) return [];
      // The mask is a text of hexadecimal digits.
      return [[name, name === "cbm_mask" ? text : numberIn(text)]];
    }),
  );
}

async function linesOf(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
