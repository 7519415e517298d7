import type { CdiEdits, CdiSpec } from "./schema.ts";

/** The versions of the specification, oldest first. */
export const versions: readonly string[] = [
  "0.1.0",
  "0.2.0",
  "0.3.0",
  "0.4.0",
  "0.5.0",
  "0.6.0",
  "0.7.0",
  "0.8.0",
  "1.0.0",
  "1.1.0",
];

/**
 * The version that a file must have at least for what it uses.
 * Source: https://github.com/cncf-tags/container-device-interface/blob/v1.1.0/SPEC.md#released-versions
 */
export function leastVersion(spec: CdiSpec): { version: string; because: string } {
  const edits = [spec.containerEdits ?? {}, ...spec.devices.map((device) => device.containerEdits ?? {})];
  const found = features.find(({ isUsed }) => isUsed(spec, edits));
  return found ?? { version: "0.1.0", because: "everything" };
}

type Feature = {
  readonly version: string;
  readonly because: string;
  readonly isUsed: (spec: CdiSpec, edits: readonly CdiEdits[]) => boolean;
};

/** Newest first. */
const features: readonly Feature[] = [
  {
    version: "1.1.0",
    because: "netDevices, schemata and enableMonitoring",
    isUsed: (_, edits) =>
      edits.some(
        ({ netDevices = [], intelRdt = {} }) =>
          netDevices.length > 0 || intelRdt.schemata !== undefined || intelRdt.enableMonitoring === true,
      ),
  },
  {
    version: "0.7.0",
    because: "intelRdt and additionalGids",
    isUsed: (_, edits) =>
      edits.some(({ intelRdt, additionalGids = [] }) => intelRdt !== undefined || additionalGids.length > 0),
  },
  {
    version: "0.6.0",
    because: "annotations and dots in the class",
    isUsed: ({ kind, annotations = {}, devices }) =>
      [annotations, ...devices.map((device) => device.annotations ?? {})].some(
        (each) => Object.keys(each).length > 0,
      ) || kind.slice(kind.indexOf("/")).includes("."),
  },
  {
    version: "0.5.0",
    because: "hostPath of nodes and names that begin with a digit",
    isUsed: ({ devices }, edits) =>
      devices.some(({ name }) => /^\d/.test(name)) ||
      edits.some(({ deviceNodes = [] }) => deviceNodes.some(({ hostPath }) => hostPath !== undefined)),
  },
  {
    version: "0.4.0",
    because: "type of mounts",
    isUsed: (_, edits) => edits.some(({ mounts = [] }) => mounts.some(({ type }) => (type ?? "") !== "")),
  },
];
