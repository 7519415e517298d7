import { doorError } from "../../errors.ts";
import type { Bandwidth } from "./port.ts";

type Options = Readonly<Record<string, string>>;
type Limit = NonNullable<Bandwidth["ingress"]>;

/** Of a burst that nobody names: 10 milliseconds of the rate, and at least as many bytes as some dozens of packets have. */
const SHARE = 1 / 100;
const LEAST = 64 * 1024;
const BITS = 8;
const units: Readonly<Record<string, number>> = { "": 1, K: 1e3, M: 1e6, G: 1e9 };

/**
 * Reads what each container of a network may send and receive, under the names that CNI's plugin has for it: rates in bits
 * a second, bursts in bits, also as 10M.
 * Source: https://www.cni.dev/plugins/current/meta/bandwidth/
 *
 * @throws DOCKER_CREATE_VALUE
 */
export function readBandwidth(options: Options): Bandwidth {
  const ingress = readLimit(options, { rate: "ingressRate", burst: "ingressBurst" });
  const egress = readLimit(options, { rate: "egressRate", burst: "egressBurst" });
  return { ...(ingress && { ingress }), ...(egress && { egress }) };
}

function readLimit(options: Options, names: { rate: string; burst: string }): Limit | undefined {
  const rate = readBytes(options, names.rate);
  const burst = readBytes(options, names.burst);
  if (rate !== undefined) return { rate, burst: burst ?? Math.max(LEAST, Math.ceil(rate * SHARE)) };
  if (burst === undefined) return undefined;
  throw doorError("CREATE_VALUE", `${names.burst} means nothing without ${names.rate}`);
}

function readBytes(options: Options, name: string): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const [, digits = "", unit = ""] = /^(\d{1,12})([KMG]?)$/.exec(text) ?? [];
  if (digits !== "") return Math.floor((Number(digits) * (units[unit] ?? 1)) / BITS);
  throw doorError("CREATE_VALUE", `"${text}" is no number of bits for ${name}`, {
    hint: "write it like 500000 or 10M",
  });
}
