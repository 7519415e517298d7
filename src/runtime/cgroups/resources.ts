import { jsonPointer } from "../../base/index.ts";
import type { LinuxNetwork, LinuxResources } from "../../specs/oci-runtime/index.ts";
import { type CgroupLayout, hierarchyOf } from "./layout.ts";
import { cpusetWrites, cpuWrites } from "./resources-cpu.ts";
import { ioWrites } from "./resources-io.ts";
import { memoryWrites } from "./resources-memory.ts";
import {
  hugepageWrites,
  networkClassWrites,
  networkPriorityWrites,
  pidsWrites,
  rdmaWrites,
} from "./resources-other.ts";
import { refuse, type Section } from "./section.ts";
import type { CgroupWrite } from "./writes.ts";

export type ResourceOptions = {
  /** Name of the document for messages. */
  readonly document?: string;
  /** JSON pointer of the resources object in it. */
  readonly pointer?: string;
  /** For an update of a running container: the limits in force, from which what belongs together is completed. */
  readonly before?: LinuxResources;
};

/**
 * The writes that bring limits about, in an order in which the kernel takes them. Each controller is spoken to in the
 * terms of the hierarchy that it is in, so that a machine may have some on v1 and others on v2. Device rules are
 * handled apart. `checkBeforeUpdate` is left to whoever can look at the group.
 *
 * @throws CGROUP_RESOURCE, with the place of the member, for a limit that the version cannot express or a controller
 *   that is not mounted
 */
export function resourceWrites(
  resources: LinuxResources,
  layout: CgroupLayout,
  options: ResourceOptions = {},
): CgroupWrite[] {
  const { memory, cpu, pids, blockIO, hugepageLimits, network, rdma, unified } = resources;
  const part = partConverter(layout, options);
  return [
    ...part(memory, { member: "memory", controllers: ["memory", "memory"] }, memoryWrites),
    ...part(cpu, { member: "cpu", controllers: ["cpu", "cpu"] }, cpuWrites),
    ...part(cpu, { member: "cpu", controllers: ["cpuset", "cpuset"] }, cpusetWrites),
    ...part(pids, { member: "pids", controllers: ["pids", "pids"] }, pidsWrites),
    ...part(blockIO, { member: "blockIO", controllers: ["blkio", "io"] }, ioWrites),
    ...part(
      hugepageLimits,
      { member: "hugepageLimits", controllers: ["hugetlb", "hugetlb"] },
      hugepageWrites,
    ),
    ...part(network, { member: "network", controllers: ["net_cls", "net_cls"] }, networkClassWrites),
    ...part<LinuxNetwork>(
      network,
      { member: "network", controllers: ["net_prio", "net_prio"] },
      networkPriorityWrites,
    ),
    ...part(rdma, { member: "rdma", controllers: ["rdma", "rdma"] }, rdmaWrites),
    ...unifiedWrites(unified ?? {}, layout, sectionOf(options, "unified")),
  ];
}

/** Where a part is and what its controller is called on v1 and on v2. */
type Part = { member: string; controllers: [legacy: string, unified: string] };

function sectionOf(
  { document = "config.json", pointer = "/linux/resources", before }: ResourceOptions,
  member: string,
) {
  return { document, pointer: `${pointer}/${member}`, before };
}

function partConverter(layout: CgroupLayout, options: ResourceOptions) {
  return <T>(
    value: T | undefined,
    { member, controllers: [legacy, unified] }: Part,
    convert: (value: T, section: Section) => CgroupWrite[],
  ): CgroupWrite[] => {
    if (value === undefined) return [];
    const hierarchy = hierarchyOf(layout, legacy);
    const version = hierarchy?.version ?? 1;
    const controller = version === 1 ? legacy : unified;
    const section: Section = { ...sectionOf(options, member), version, controller };
    const writes = convert(value, section);
    if (hierarchy !== undefined || writes.length === 0) return writes;
    const [first] = writes;
    const place = first?.from.slice(section.pointer.length + 1) ?? "";
    throw refuse(section, place, [
      `the ${legacy} controller is not mounted`,
      "mount it on the host or remove it",
    ]);
  };
}

/**
 * Files of the v2 hierarchy, written as they are and last, so that they win. Some hold several lines, which the
 * kernel takes one at a time.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#unified
 */
function unifiedWrites(
  files: Readonly<Record<string, string>>,
  layout: CgroupLayout,
  place: Omit<Section, "version" | "controller">,
): CgroupWrite[] {
  return Object.entries(files).flatMap(([file, value]) => {
    const controller = file.slice(0, file.indexOf("."));
    const member = jsonPointer([file]).slice(1);
    if (hierarchyOf(layout, controller)?.version !== 2) {
      throw refuse({ ...place, version: 1, controller }, member, [
        `the ${controller} controller is not on cgroup v2`,
        "use the member for it instead",
      ]);
    }
    const lines = value.split("\n").filter((line) => line !== "");
    return lines.map((line) => ({ controller, file, value: line, from: `${place.pointer}/${member}` }));
  });
}
