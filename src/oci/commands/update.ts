import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { updateContainer } from "../../runtime/index.ts";
import { type LinuxResources, parseResources } from "../../specs/oci-runtime/index.ts";
import { type OciEnvironment, ociCommand } from "../command.ts";
import { ociCliError } from "../errors.ts";
import type { FlagValues } from "../flags.ts";
import { bytes } from "../sizes.ts";

const text = (placeholder: string, help: string) => ({ kind: "text", placeholder, help }) as const;

const flags = {
  resources: {
    kind: "text",
    short: "r",
    placeholder: "file",
    help: "file with a resources object of config.json, or - for standard input; other flags are ignored then",
  },
  "blkio-weight": text("weight", "weight of block devices, 10 to 1000"),
  "cpu-period": text("us", "period of the CPU quota"),
  "cpu-quota": text("us", "time on processors in a period"),
  "cpu-burst": text("us", "time that may be saved up for a burst"),
  "cpu-share": text("shares", "share of processors beside other containers"),
  "cpu-rt-period": text("us", "period of the real-time quota"),
  "cpu-rt-runtime": text("us", "real-time quota in a period"),
  "cpuset-cpus": text("list", "processors to run on"),
  "cpuset-mems": text("list", "memory nodes to use"),
  "cpu-idle": text("0|1", "whether the container runs when nobody else wants to"),
  memory: { kind: "text", short: "m", placeholder: "bytes", help: "memory limit" },
  "memory-reservation": text("bytes", "memory that is taken away last"),
  "memory-swap": text("bytes", "limit of memory and swap together; -1 for no limit of swap"),
  "pids-limit": text("number", "limit of processes"),
  "kernel-memory": text("bytes", "accepted for compatibility, has no effect"),
  "kernel-memory-tcp": text("bytes", "limit of buffers of TCP, on v1"),
  "l3-cache-schema": text("schema", "parts of the L3 cache, as in L3:0=f;1=ff"),
  "mem-bw-schema": text("schema", "memory bandwidth, as in MB:0=20;1=70"),
} as const;

type Values = FlagValues<typeof flags>;

/** Changes limits of a container. */
export const update = ociCommand({
  name: "update",
  summary: "update container resource constraints",
  usage: "<container-id>",
  args: [1, 1],
  flags,
  async action({ flags: values, args: [id = ""] }, environment) {
    const resources =
      values.resources === undefined
        ? resourcesOfFlags(values)
        : await readResources(values.resources, environment);
    await updateContainer(await environment.runtime(), id, { resources, schemas: schemasOfFlags(values) });
    return 0;
  },
});

async function readResources(name: string, { cwd, stdin, logger }: OciEnvironment): Promise<LinuxResources> {
  const path = name === "-" ? "standard input" : resolve(cwd, name);
  const content =
    name === "-"
      ? await stdin()
      : await readFile(path).catch((error: unknown) => {
          throw ociCliError("FILE", `cannot read the resources from ${path}`, { cause: error });
        });
  const { value, warnings } = parseResources(content, path);
  for (const { pointer, message } of warnings) logger.log("warn", message, { place: `${path}#${pointer}` });
  return value;
}

/** Read as the object that they stand for, so that one place says what is a good value. */
function resourcesOfFlags(values: Values): LinuxResources {
  const parts = {
    memory: {
      limit: size(values, "memory"),
      reservation: size(values, "memory-reservation"),
      swap: size(values, "memory-swap"),
      kernelTCP: size(values, "kernel-memory-tcp"),
    },
    cpu: {
      shares: number(values, "cpu-share"),
      quota: number(values, "cpu-quota"),
      period: number(values, "cpu-period"),
      burst: number(values, "cpu-burst"),
      realtimeRuntime: number(values, "cpu-rt-runtime"),
      realtimePeriod: number(values, "cpu-rt-period"),
      idle: number(values, "cpu-idle"),
      cpus: values["cpuset-cpus"],
      mems: values["cpuset-mems"],
    },
    pids: { limit: number(values, "pids-limit") },
    blockIO: { weight: number(values, "blkio-weight") },
  };
  const given = Object.entries(parts).filter(([, part]) =>
    Object.values(part).some((value) => value !== undefined),
  );
  return parseResources(JSON.stringify(Object.fromEntries(given)), "flags").value;
}

/** Of the class of service, which is no resource in the configuration. */
function schemasOfFlags(values: Values) {
  const l3CacheSchema = schema(values, "l3-cache-schema", "L3:");
  const memBwSchema = schema(values, "mem-bw-schema", "MB:");
  return { ...(l3CacheSchema && { l3CacheSchema }), ...(memBwSchema && { memBwSchema }) };
}

function schema(values: Values, flag: keyof Values, prefix: string): string | undefined {
  const value = values[flag];
  if (!value || (value.startsWith(prefix) && !value.includes("\n"))) return value;
  throw ociCliError(
    "FLAG",
    `invalid value ${JSON.stringify(value)} for flag -${flag}: not one line ${prefix}...`,
  );
}

function number(values: Values, flag: keyof Values): number | undefined {
  const value = values[flag];
  if (value === undefined) return undefined;
  if (/^-?\d{1,15}$/.test(value)) return Number(value);
  throw ociCliError("FLAG", `invalid value ${JSON.stringify(value)} for flag -${flag}: not a number`);
}

function size(values: Values, flag: keyof Values): number | undefined {
  const value = values[flag];
  return value === undefined ? undefined : bytes(value, flag);
}
