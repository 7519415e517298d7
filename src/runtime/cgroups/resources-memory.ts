import type { LinuxMemory } from "../../specs/oci-runtime/index.ts";
import { given, orMax, refuse, refuseOnV2, type Section, write } from "./section.ts";
import type { CgroupWrite } from "./writes.ts";

/**
 * Limits of memory. `swap` counts memory and swap together; v1 does too, v2 counts swap alone.
 *
 * The limit of kernel memory is ignored, as the specification allows: kernels since 5.4 have none. Accounting is
 * always hierarchical.
 *
 * Source: https://docs.kernel.org/admin-guide/cgroup-v1/memory.html,
 * https://docs.kernel.org/admin-guide/cgroup-v2.html#memory, crun.1 "Memory controller"
 */
export function memoryWrites(memory: LinuxMemory, section: Section): CgroupWrite[] {
  checkMemory(memory, section);
  return section.version === 1 ? legacyWrites(memory, section) : unifiedWrites(memory, section);
}

function checkMemory(memory: LinuxMemory, section: Section): void {
  const { limit, swap } = effective(memory, section);
  if (memory.useHierarchy === false) {
    throw refuse(section, "useHierarchy", ["memory is always accounted hierarchically", "remove it"]);
  }
  if (swap === undefined || swap < 0n) return;
  if (limit === undefined) {
    throw refuse(section, "swap", [
      "memory and swap together cannot be limited without a limit of memory",
      "add limit",
    ]);
  }
  if (limit > swap) {
    throw refuse(section, "swap", [
      `${swap} for memory and swap together is less than ${limit} for memory`,
      "raise it",
    ]);
  }
}

/** What holds after an update: what it does not mention stays. An unlimited memory takes the limit of swap along. */
function effective(memory: LinuxMemory, { before }: Section): { limit?: bigint; swap?: bigint } {
  const limit = given(memory.limit) ?? given(before?.memory?.limit);
  const kept = memory.limit === -1n ? -1n : given(before?.memory?.swap);
  const swap = given(memory.swap) ?? (given(memory.limit) === undefined ? undefined : kept);
  return { ...(limit !== undefined && { limit }), ...(swap !== undefined && { swap }) };
}

function legacyWrites(memory: LinuxMemory, section: Section): CgroupWrite[] {
  const { swap } = effective(memory, section);
  const limit = given(memory.limit);
  const reservation = given(memory.reservation);
  const writes: CgroupWrite[] = [];
  const putLimit = (extra: { ignore?: ["EINVAL"] } = {}) => {
    if (limit === undefined) return;
    writes.push(write(section, "limit", { file: "memory.limit_in_bytes", value: limit, ...extra }));
  };
  if (swap === undefined) putLimit();
  else {
    // The kernel refuses a memory limit above that of both, whichever is written first: a lower pair passes in this
    // order, a higher one when the limit is written again.
    putLimit({ ignore: ["EINVAL"] });
    // Without swap accounting there is nothing that would have to be unlimited.
    const ignore = swap < 0n ? ({ ignore: ["ENOENT"] } as const) : {};
    writes.push(write(section, "swap", { file: "memory.memsw.limit_in_bytes", value: swap, ...ignore }));
    putLimit();
  }
  if (reservation !== undefined) {
    writes.push(write(section, "reservation", { file: "memory.soft_limit_in_bytes", value: reservation }));
  }
  const tcp = given(memory.kernelTCP);
  if (tcp !== undefined) {
    // Deprecated, so a kernel without it is no reason not to run.
    const ignore = ["ENOENT", "EOPNOTSUPP"] as const;
    writes.push(write(section, "kernelTCP", { file: "memory.kmem.tcp.limit_in_bytes", value: tcp, ignore }));
  }
  if (memory.disableOOMKiller === true) {
    writes.push(write(section, "disableOOMKiller", { file: "memory.oom_control", value: 1 }));
  }
  if (memory.swappiness !== undefined) {
    if (memory.swappiness > 100n) {
      throw refuse(section, "swappiness", [`${memory.swappiness} is above 100`, "use 0 to 100"]);
    }
    writes.push(write(section, "swappiness", { file: "memory.swappiness", value: memory.swappiness }));
  }
  return writes;
}

function unifiedWrites(memory: LinuxMemory, section: Section): CgroupWrite[] {
  if (memory.swappiness !== undefined) throw refuseOnV2(section, "swappiness");
  if (memory.disableOOMKiller === true) {
    throw refuseOnV2(
      section,
      "disableOOMKiller",
      "remove it; memory.high in unified slows down instead of killing",
    );
  }
  const { limit: whole, swap } = effective(memory, section);
  const limit = given(memory.limit);
  const reservation = given(memory.reservation);
  const writes: CgroupWrite[] = [];
  if (swap !== undefined) {
    const alone = swap < 0n || whole === undefined || whole < 0n ? swap : swap - whole;
    // A kernel without swap has no such file, and neither value would mean anything.
    const ignore = alone <= 0n ? ({ ignore: ["ENOENT"] } as const) : {};
    writes.push(write(section, "swap", { file: "memory.swap.max", value: orMax(alone), ...ignore }));
  }
  if (limit !== undefined) writes.push(write(section, "limit", { file: "memory.max", value: orMax(limit) }));
  if (reservation !== undefined) {
    writes.push(write(section, "reservation", { file: "memory.low", value: orMax(reservation) }));
  }
  return writes;
}
