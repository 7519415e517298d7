import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, messageOf, readSmallFile, reasonOf, TugError } from "../base/index.ts";
import { cdiError } from "./errors.ts";
import { parseCdiSpec } from "./parse.ts";
import type { CdiSpec } from "./schema.ts";

/**
 * Where files that describe devices are unless somebody says otherwise; what a later directory says counts.
 * Source: https://github.com/cncf-tags/container-device-interface/blob/v1.1.0/README.md#cdi-json-and-yaml
 */
export const usualCdiDirectories: readonly string[] = ["/etc/cdi", "/var/run/cdi"];

/** A device and the file that describes it. */
export type CdiDevice = { readonly file: string; readonly spec: CdiSpec; readonly index: number };

/** All devices that the files of some directories describe. */
export type CdiDevices = {
  readonly directories: readonly string[];
  /** By full name, such as `vendor.com/class=name`. */
  readonly devices: ReadonlyMap<string, CdiDevice>;
  /** Files of one directory that describe the same device, by its full name. None of them counts. */
  readonly conflicts: ReadonlyMap<string, readonly string[]>;
  /** Why files or directories could not be used, one sentence each. */
  readonly failures: readonly string[];
};

/** Bytes that a file may have; what drivers write for a machine full of GPUs is a tenth of it. */
const MOST_BYTES = 4 * 1024 * 1024;

/** How many files of a directory are read. */
const MOST_FILES = 1000;

/** Reads the files as they are now. What cannot be used is told in `failures`: other devices do not suffer from it. */
export async function readCdiDevices(directories: readonly string[]): Promise<CdiDevices> {
  const devices = new Map<string, CdiDevice>();
  const conflicts = new Map<string, readonly string[]>();
  const failures: string[] = [];
  for (const directory of directories) {
    const here = new Map<string, CdiDevice[]>();
    for (const { file, spec } of await readDirectory(directory, failures)) {
      for (const [index, { name }] of spec.devices.entries()) {
        const full = `${spec.kind}=${name}`;
        here.set(full, [...(here.get(full) ?? []), { file, spec, index }]);
      }
    }
    for (const [full, [device, ...others]] of here) {
      devices.delete(full);
      conflicts.delete(full);
      if (device !== undefined && others.length === 0) devices.set(full, device);
      else conflicts.set(full, here.get(full)?.map(({ file }) => file) ?? []);
    }
  }
  return { directories, devices, conflicts, failures };
}

async function readDirectory(
  directory: string,
  failures: string[],
): Promise<{ file: string; spec: CdiSpec }[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (errnoOf(error) !== "ENOENT") failures.push(`cannot read ${directory}: ${reasonOf(error)}`);
    return [];
  });
  const wanted = names.filter((name) => /\.(?:json|yaml)$/.test(name)).sort();
  if (wanted.length > MOST_FILES) {
    failures.push(`cannot use all of ${directory}: it has more than ${MOST_FILES} files`);
  }
  const specs: { file: string; spec: CdiSpec }[] = [];
  for (const name of wanted.slice(0, MOST_FILES)) {
    const file = join(directory, name);
    try {
      specs.push({ file, spec: await readCdiFile(file) });
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  return specs;
}

/** So many files' texts are kept with what they say. */
const KEPT = 16;

/** By path, the last that were read: to parse what a driver writes takes as long as all else of a start. */
const parsed = new Map<string, { readonly text: string; readonly spec: CdiSpec }>();

function parseOnce(text: string, file: string): CdiSpec {
  const before = parsed.get(file);
  const spec = before?.text === text ? before.spec : parseCdiSpec(text, file);
  parsed.delete(file);
  parsed.set(file, { text, spec });
  const [oldest] = parsed.keys();
  if (parsed.size > KEPT && oldest !== undefined) parsed.delete(oldest);
  return spec;
}

async function readCdiFile(file: string): Promise<CdiSpec> {
  try {
    return parseOnce(await readSmallFile(file, MOST_BYTES), file);
  } catch (error) {
    if (error instanceof TugError) throw error;
    throw cdiError("SPEC", `cannot read ${file}: ${reasonOf(error)}`, { cause: error, details: { file } });
  }
}
