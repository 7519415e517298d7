/**
 * Lines of a schemata file: a resource and its value in each domain, as in `L3:0=7f0;1=1f`.
 * Source: https://docs.kernel.org/filesystems/resctrl.html
 */
export type Schemata = ReadonlyMap<string, ReadonlyMap<string, bigint | string>>;

/** Reads lines, from the kernel or from a configuration. What is not of the form is left out. */
export function parseSchemata(lines: readonly string[]): Schemata {
  const schemata = new Map<string, Map<string, bigint | string>>();
  for (const line of lines) {
    const [, resource, values = ""] = /^\s*(\w+)\s*:(.*)$/.exec(line) ?? [];
    if (resource === undefined) continue;
    const domains = schemata.get(resource) ?? new Map<string, bigint | string>();
    for (const value of values.split(";")) {
      const [, domain, text] = /^\s*(\d+)\s*=\s*(\S+)\s*$/.exec(value) ?? [];
      if (domain !== undefined && text !== undefined)
        domains.set(String(Number(domain)), numberOf(resource, text));
    }
    schemata.set(resource, domains);
  }
  return schemata;
}

/** The first resource whose wanted values are not all in force; undefined where all are. */
export function firstDifference(wanted: Schemata, inForce: Schemata): string | undefined {
  for (const [resource, domains] of wanted) {
    const present = inForce.get(resource);
    for (const [domain, value] of domains) if (present?.get(domain) !== value) return resource;
  }
  return undefined;
}

/** Bit masks of caches are hexadecimal, bandwidths decimal; the kernel pads both. */
function numberOf(resource: string, text: string): bigint | string {
  if (resource.startsWith("L"))
    return /^(0x)?[0-9a-f]+$/i.test(text) ? BigInt(`0x${text.replace(/^0x/i, "")}`) : text;
  return /^\d+$/.test(text) ? BigInt(text) : text;
}
