import { jsonPointer } from "../../base/index.ts";
import type {
  LinuxHugepageLimit,
  LinuxNetwork,
  LinuxPids,
  LinuxRdma,
} from "../../specs/oci-runtime/index.ts";
import { given, refuseOnV2, type Section, write } from "./section.ts";
import type { CgroupWrite } from "./writes.ts";

/**
 * The number of tasks. 0 is written as 1: a process born into its group counts before it exists, so that with 0 there
 * could be none; nothing can be started beside it either way. runc writes 1 too.
 */
export function pidsWrites({ limit }: LinuxPids, section: Section): CgroupWrite[] {
  if (limit === undefined) return [];
  const value = limit < 0n ? "max" : limit === 0n ? 1n : limit;
  return [write(section, "limit", { file: "pids.max", value })];
}

/** Pages of the huge page file system: what may be used, and where the kernel counts it what may be reserved. */
export function hugepageWrites(limits: readonly LinuxHugepageLimit[], section: Section): CgroupWrite[] {
  const suffix = section.version === 1 ? "limit_in_bytes" : "max";
  return limits.flatMap(({ pageSize, limit: value }, index) => [
    write(section, String(index), { file: `hugetlb.${pageSize}.${suffix}`, value }),
    // Reservations are counted since Linux 5.7.
    write(section, String(index), { file: `hugetlb.${pageSize}.rsvd.${suffix}`, value, ignore: ["ENOENT"] }),
  ]);
}

/** The class that packets are marked with. */
export function networkClassWrites({ classID }: LinuxNetwork, section: Section): CgroupWrite[] {
  const value = given(classID);
  if (value === undefined) return [];
  if (section.version === 2)
    throw refuseOnV2(section, "classID", "remove it; v2 marks packets with nftables");
  return [write(section, "classID", { file: "net_cls.classid", value })];
}

/** The priority of packets by interface. */
export function networkPriorityWrites({ priorities = [] }: LinuxNetwork, section: Section): CgroupWrite[] {
  if (priorities.length > 0 && section.version === 2) {
    throw refuseOnV2(section, "priorities", "remove it; v2 sets priorities with nftables");
  }
  return priorities.map(({ name, priority }, index) =>
    write(section, `priorities/${index}`, { file: "net_prio.ifpriomap", value: `${name} ${priority}` }),
  );
}

/** Objects of RDMA devices, the same on both versions. */
export function rdmaWrites(devices: Readonly<Record<string, LinuxRdma>>, section: Section): CgroupWrite[] {
  return Object.entries(devices).map(([name, { hcaHandles, hcaObjects }]) => {
    const limits = [
      ...(hcaHandles === undefined ? [] : [`hca_handle=${hcaHandles}`]),
      ...(hcaObjects === undefined ? [] : [`hca_object=${hcaObjects}`]),
    ];
    return write(section, jsonPointer([name]).slice(1), {
      file: "rdma.max",
      value: `${name} ${limits.join(" ")}`,
    });
  });
}
