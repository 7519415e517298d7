import { readFile } from "node:fs/promises";
import { cpus, hostname, release, totalmem } from "node:os";
import { readCdiDevices } from "../cdi/index.ts";
import type { HostFacts } from "../host/index.ts";
import type { EngineContext } from "./context.ts";
import type { EngineEvent } from "./events.ts";
import type { LayerUsage } from "./images/layer-usage.ts";
import { logDrivers } from "./logs/log-settings.ts";
import { OWN_RUNTIME } from "./runtimes/handlers.ts";

/** What an engine is and runs on. */
export type VersionFacts = {
  readonly version: string;
  readonly commit: string;
  readonly builtAt: string;
  readonly nodeVersion: string;
  readonly kernelVersion: string;
  /** As images name it: amd64. */
  readonly architecture: string;
};

export type InfoFacts = VersionFacts & {
  readonly id: string;
  readonly hostname: string;
  readonly operatingSystem: string;
  readonly osVersion: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly containers: { readonly running: number; readonly paused: number; readonly stopped: number };
  readonly images: number;
  readonly snapshotter: string;
  readonly snapshotterStatus: readonly (readonly [string, string])[];
  readonly cgroupVersion: 1 | 2;
  readonly cgroupDriver: "cgroupfs";
  /** Names of the controllers that limit containers. */
  readonly cgroupControllers: readonly string[];
  /** Whether swap can be limited. */
  readonly swapAccounting: boolean;
  readonly ipv4Forwarding: boolean;
  readonly loggingDriver: string;
  /** What containers may log with. */
  readonly logDrivers: readonly string[];
  readonly rootDirectory: string;
  readonly defaultRuntime: string;
  /** By name; the engine's own has no program. */
  readonly runtimes: readonly (readonly [name: string, program: string])[];
  readonly securityOptions: readonly string[];
  readonly warnings: readonly string[];
  /** Where files describe CDI devices. */
  readonly cdiDirectories: readonly string[];
  /** Full names of the devices that they describe. */
  readonly cdiDevices: readonly string[];
};

/** What an engine tells of itself. */
export interface SystemFacts {
  version(): Promise<VersionFacts>;
  info(): Promise<InfoFacts>;
  diskUsage(): Promise<LayerUsage>;
  events(
    options: { since?: number | undefined; until?: number | undefined },
    signal: AbortSignal,
  ): AsyncIterable<EngineEvent>;
}

export type SystemOptions = {
  readonly version: string;
  /** Id of the data directory; never changes. */
  readonly id: string;
  /** How layers are kept that come from now on. */
  readonly snapshotter: () => Promise<string>;
  readonly countImages: () => Promise<number>;
  readonly measureLayers: () => Promise<LayerUsage>;
  /** What somebody has to do about the disk. */
  readonly diskWarnings: () => readonly string[];
};

/** The facts about an engine and its machine. */
export function systemFacts(context: EngineContext, options: SystemOptions): SystemFacts {
  const version = async (): Promise<VersionFacts> => ({
    version: options.version,
    commit: "",
    builtAt: "",
    nodeVersion: process.version,
    kernelVersion: release(),
    architecture: (await context.readFacts()).architecture === "x86_64" ? "amd64" : "arm64",
  });
  return {
    version,
    async info() {
      const facts = await context.readFacts();
      const cdi = await readCdiDevices(context.cdiDirectories);
      const runtimes = await context.runtimes.list();
      const states = context.store.list().map(({ state }) => state.status);
      const running = states.filter((status) => status === "running").length;
      const paused = states.filter((status) => status === "paused").length;
      const os = parseOsRelease(await readText("/etc/os-release"));
      return {
        ...(await version()),
        id: options.id,
        hostname: hostname(),
        operatingSystem: os.get("PRETTY_NAME") ?? "Linux",
        osVersion: os.get("VERSION_ID") ?? "",
        cpus: cpus().length,
        memoryBytes: totalmem(),
        containers: { running, paused, stopped: states.length - running - paused },
        images: await options.countImages(),
        snapshotter: await options.snapshotter(),
        snapshotterStatus: [["Directory", `${context.layout.data}/snapshots`]],
        cgroupVersion: isUnified(facts) ? 2 : 1,
        cgroupDriver: "cgroupfs",
        ...(await kernelSwitches(facts)),
        loggingDriver: "json-file",
        logDrivers,
        rootDirectory: context.layout.data,
        defaultRuntime: runtimes.default,
        runtimes: [[OWN_RUNTIME, ""], ...runtimes.programs],
        securityOptions: securityOptions(facts),
        warnings: [...cdi.failures, ...runtimes.warnings, ...options.diskWarnings()],
        cdiDirectories: cdi.directories,
        cdiDevices: [...cdi.devices.keys()].sort(),
      };
    },
    diskUsage: options.measureLayers,
    events: (range, signal) => context.events.stream(range, signal),
  };
}

/** What of the kernel's configuration decides which limits work. */
async function kernelSwitches(facts: HostFacts) {
  const unified = await readText("/sys/fs/cgroup/cgroup.controllers");
  const legacy = facts.groups.flatMap(({ controllers }) =>
    controllers.filter((name) => !name.startsWith("name=")),
  );
  const controllers = isUnified(facts) ? unified.trim().split(/\s+/) : legacy;
  const swaps = await Promise.all(
    facts.mounts
      .filter(({ type, superOptions }) => type === "cgroup" && superOptions.includes("memory"))
      .map(({ mountPoint }) => readText(`${mountPoint}/memory.memsw.limit_in_bytes`)),
  );
  return {
    cgroupControllers: controllers,
    swapAccounting: isUnified(facts) || swaps.some((text) => text !== ""),
    ipv4Forwarding: (await readText("/proc/sys/net/ipv4/ip_forward")).trim() === "1",
  };
}

/** A file's text, empty where it cannot be read. */
async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

function isUnified({ mounts }: HostFacts): boolean {
  return mounts.some(({ type, mountPoint }) => type === "cgroup2" && mountPoint === "/sys/fs/cgroup");
}

function securityOptions(facts: HostFacts): string[] {
  return [
    ...(facts.security.apparmor ? ["name=apparmor"] : []),
    ...(facts.security.seccomp ? ["name=seccomp,profile=builtin"] : []),
    ...(isUnified(facts) ? ["name=cgroupns"] : []),
  ];
}

/** Source: os-release(5) */
function parseOsRelease(text: string): Map<string, string> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const match = /^([A-Z_]+)="?([^"]*)"?$/.exec(line);
      return match === null ? [] : [[match[1] ?? "", match[2] ?? ""] as const];
    }),
  );
}
