import { type DbusValue, parseVariant, type UnitProperty } from "../../systemd/index.ts";
import type { CgroupWrite } from "./writes.ts";

/** systemd's sign for no limit. */
const NO_LIMIT = (1n << 64n) - 1n;

const SECOND = 1_000_000n;

/** systemd rounds to a hundredth of a second per second itself, and downwards. */
const STEP = 10_000n;

const PREFIX = "org.systemd.property.";

type Translation = (value: string) => readonly UnitProperty[];

/** What a file of a v2 group is called as a property of its unit. */
const translations: Readonly<Record<string, Translation>> = {
  "memory.max": (value) => [property("MemoryMax", "t", amount(value))],
  "memory.low": (value) => [property("MemoryLow", "t", amount(value))],
  "memory.swap.max": (value) => [property("MemorySwapMax", "t", amount(value))],
  "pids.max": (value) => [property("TasksMax", "t", amount(value))],
  "cpu.weight": (value) => [property("CPUWeight", "t", BigInt(value))],
  "cpu.idle": (value) => (value === "1" ? [property("CPUWeight", "t", 0n)] : []),
  "cpu.max": processorTime,
  "io.weight": (value) => [property("IOWeight", "t", BigInt(value.replace("default ", "")))],
  "cpuset.cpus": (value) => [property("AllowedCPUs", "ay", bits(value))],
  "cpuset.mems": (value) => [property("AllowedMemoryNodes", "ay", bits(value))],
};

/**
 * The properties that stand for limits of a v2 group. The files are written, too; but systemd brings them back to what
 * it knows whenever it is reloaded.
 *
 * Source: systemd.resource-control(5)
 */
export function limitProperties(writes: readonly CgroupWrite[]): UnitProperty[] {
  const found = new Map<string, UnitProperty>();
  for (const { file, value, instead } of writes) {
    const known = translations[file]?.(value) ?? (instead && translations[instead.file]?.(instead.value));
    for (const each of known ?? []) found.set(each.name, each);
  }
  return [...found.values()];
}

/**
 * Properties that annotations ask for: `org.systemd.property.NAME` with the value as GVariant text. Durations in seconds
 * become the microseconds that systemd has.
 *
 * Source: https://github.com/opencontainers/runc/blob/v1.3.0/docs/systemd.md "Auxiliary properties"
 * @throws SYSTEMD_REFUSED for a value that is none
 */
export function annotatedProperties(annotations: Readonly<Record<string, string>> = {}): UnitProperty[] {
  return Object.entries(annotations).flatMap(([key, text]) => {
    const name = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : "";
    if (!/^[A-Z][A-Za-z]{2,}$/.test(name)) return [];
    const { signature, value } = parseVariant(text, `annotation ${key}`);
    const seconds = /[^U]Sec$/.test(name) && (typeof value === "number" || typeof value === "bigint");
    return seconds
      ? [property(`${name.slice(0, -3)}USec`, "t", BigInt(value) * SECOND)]
      : [property(name, signature, value)];
  });
}

/** A property of a unit. */
export function property(name: string, signature: string, value: DbusValue): UnitProperty {
  return { name, value: { signature, value } };
}

function amount(value: string): bigint {
  return value === "max" ? NO_LIMIT : BigInt(value);
}

function processorTime(value: string): readonly UnitProperty[] {
  const [quota = "max", period = "100000"] = value.split(" ");
  const share = quota === "max" ? NO_LIMIT : roundUp((BigInt(quota) * SECOND) / BigInt(period));
  return [property("CPUQuotaPerSecUSec", "t", share), property("CPUQuotaPeriodUSec", "t", BigInt(period))];
}

function roundUp(share: bigint): bigint {
  return ((share + STEP - 1n) / STEP) * STEP;
}

/** A list such as `0-3,8` as a mask, the lowest bit first. */
function bits(list: string): number[] {
  const mask: number[] = [];
  for (const range of list.split(",").filter((part) => part.trim() !== "")) {
    const [first = 0, last = first] = range.split("-").map(Number);
    for (let bit = first; bit <= last; bit += 1) {
      const byte = bit >> 3;
      while (mask.length <= byte) mask.push(0);
      mask[byte] = (mask[byte] ?? 0) | (1 << (bit & 7));
    }
  }
  return mask;
}
