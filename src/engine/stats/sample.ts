import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";
import type { StoredState } from "../../runtime/index.ts";
import type { StatsSample } from "../model/container-stats.ts";
import { groupFiles, numberIn } from "./group-files.ts";
import { parseSystemCpu, readCpu } from "./read-cpu.ts";
import { parseInterfaces, readIo } from "./read-io.ts";
import { readMemory } from "./read-memory.ts";

/**
 * Reads what the kernel has counted for a running container: undefined when none of its processes is left.
 * One whose group is removed meanwhile gives zeros.
 *
 * @param options.ownNetwork whether it has a network of its own
 */
export async function sampleContainer(
  state: StoredState,
  options: { readonly ownNetwork: boolean },
): Promise<StatsSample | undefined> {
  const files = (controller: string) => groupFiles(state, controller);
  const pids = files("pids");
  const [cpu, memory, io, current, limit, system, interfaces] = await Promise.all([
    readCpu(files("cpu"), files("cpuacct")),
    readMemory(files("memory"), totalmem()),
    readIo(files("blkio")),
    pids.read("pids.current"),
    pids.read("pids.max"),
    readFile("/proc/stat", "utf8"),
    options.ownNetwork ? readFile(`/proc/${state.pid}/net/dev`, "utf8").catch(() => "") : "",
  ]);
  if (numberIn(current) === 0) return undefined;
  return {
    readAt: new Date().toISOString(),
    cpu,
    memory,
    io,
    pids: { current: numberIn(current) ?? 0, limit: numberIn(limit) },
    system: parseSystemCpu(system),
    networks: parseInterfaces(interfaces),
  };
}
