import type { CdiDevices } from "./directories.ts";
import { cdiError } from "./errors.ts";
import type { CdiEdits } from "./schema.ts";

/** Edits of a container and where they are written: a device's name, its file and a pointer into it. */
export type PlacedEdits = { readonly edits: CdiEdits; readonly from: string };

/** How many names a sentence lists. */
const MOST_NAMES = 20;

/**
 * What the devices of these names change in a container, in the order in which it is applied: the edits of a file come
 * once, before those of the first of its devices.
 *
 * Source: https://github.com/cncf-tags/container-device-interface/blob/v1.1.0/SPEC.md#oci-edits
 * @throws CDI_DEVICE with the devices that there are, CDI_UNSUPPORTED
 */
export function findEdits(known: CdiDevices, names: readonly string[]): PlacedEdits[] {
  const files = new Set<string>();
  return [...new Set(names)].flatMap((name) => {
    const device = known.devices.get(name);
    if (device === undefined) throw notFound(known, name);
    const { file, spec, index } = device;
    const own = spec.devices[index]?.containerEdits ?? {};
    const found = [{ edits: own, from: `${name} (${file}#/devices/${index}/containerEdits` }];
    if (!files.has(file))
      found.unshift({ edits: spec.containerEdits ?? {}, from: `${name} (${file}#/containerEdits` });
    files.add(file);
    for (const { edits, from } of found) checkSupported(edits, from);
    return found;
  });
}

/** How a place inside of edits is named in a sentence. */
export function placeOf({ from }: PlacedEdits, ...steps: readonly (string | number)[]): string {
  return `device ${from}${steps.map((step) => `/${step}`).join("")})`;
}

function checkSupported(edits: CdiEdits, from: string): void {
  for (const member of ["intelRdt", "netDevices"] as const) {
    const value = edits[member];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    throw cdiError(
      "UNSUPPORTED",
      `cannot add ${placeOf({ edits, from }, member)}: containers have no ${member} here`,
      {
        hint: "name a device whose description does without it",
      },
    );
  }
}

function notFound({ directories, devices, conflicts, failures }: CdiDevices, name: string): Error {
  const files = conflicts.get(name);
  if (files !== undefined) {
    return cdiError("DEVICE", `cannot add device ${name}: it is described by ${files.join(" and ")}`, {
      hint: "remove all of these files but one",
    });
  }
  const names = [...devices.keys()].sort();
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  const list =
    names.length === 0 ? "there is none" : `there are ${names.slice(0, MOST_NAMES).join(", ")}${more}`;
  const broken = failures.length === 0 ? "" : `; ${failures.slice(0, 3).join("; ")}`;
  const where = directories.join(" or ") || "no directory";
  return cdiError("DEVICE", `cannot add device ${name}: no file in ${where} describes it${broken}`, {
    hint: `of such devices ${list}`,
    details: { device: name, known: names.slice(0, MOST_NAMES) },
  });
}
