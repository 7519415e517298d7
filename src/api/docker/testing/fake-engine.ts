import { TugError } from "../../../base/index.ts";
import type { EngineEvent, InfoFacts, VersionFacts } from "../../../engine/index.ts";
import type { DockerPorts } from "../door.ts";
import type { SystemPort } from "../routes/system/port.ts";
import type { PlansPort } from "../routes/tug/port.ts";
import { createFakeContainers, type FakeContainers } from "./fake-containers.ts";
import { createFakeExecs, type FakeExecs } from "./fake-execs.ts";
import { createFakeImages, type FakeImages } from "./fake-images.ts";
import { createFakeNamedData } from "./fake-named-data.ts";
import { createFakeNetworks } from "./fake-networks.ts";
import { createFakeSockets } from "./fake-sockets.ts";
import { createFakeVolumes } from "./fake-volumes.ts";

/** An engine in memory behind the door's ports. */
export type FakeEngine = {
  readonly ports: DockerPorts;
  readonly containers: FakeContainers;
  readonly execs: FakeExecs;
  readonly images: FakeImages;
};

export type FakeEngineOptions = {
  /** Names with tag of the images that are there; `busybox:latest` by default. */
  readonly local?: readonly string[];
  /** Names with tag of the images that can be pulled. */
  readonly remote?: readonly string[];
  readonly events?: readonly EngineEvent[];
};

export function createFakeEngine(options: FakeEngineOptions = {}): FakeEngine {
  const images = createFakeImages(options.local ?? ["busybox:latest"], options.remote ?? []);
  const containers = createFakeContainers((reference) => images.has(reference));
  const execs = createFakeExecs(containers.port);
  const system = createFakeSystem(options.events ?? []);
  const ports = {
    containers: containers.port,
    execs: execs.port,
    images: images.port,
    networks: createFakeNetworks(),
    volumes: createFakeVolumes(),
    secrets: createFakeNamedData("secret"),
    configs: createFakeNamedData("config"),
    system,
    plans: createFakePlans(),
    sockets: createFakeSockets(),
    process: {
      describe: () => ({ version: "0.0.0-fake", build: "fake", pid: 1 }),
      end() {
        throw new TugError("conflict", "FAKE_BUSY", "cannot end the engine: it is a fake");
      },
    },
  };
  return { ports, containers, execs, images };
}

function createFakeSystem(past: readonly EngineEvent[]): SystemPort {
  const version: VersionFacts = {
    version: "0.0.0-fake",
    commit: "abc",
    builtAt: "",
    nodeVersion: "24.0.0",
    kernelVersion: "6.18.0",
    architecture: "amd64",
  };
  const info: InfoFacts = {
    ...version,
    id: "fake-engine",
    hostname: "host",
    operatingSystem: "Fake Linux",
    osVersion: "1",
    cpus: 2,
    memoryBytes: 2 ** 30,
    containers: { running: 1, paused: 0, stopped: 2 },
    images: 1,
    snapshotter: "overlay",
    snapshotterStatus: [["Backing Filesystem", "ext4"]],
    cgroupVersion: 2,
    cgroupControllers: ["cpu", "memory", "pids"],
    swapAccounting: true,
    ipv4Forwarding: false,
    cgroupDriver: "cgroupfs",
    loggingDriver: "json-file",
    logDrivers: ["json-file", "none"],
    rootDirectory: "/var/lib/tug",
    defaultRuntime: "tug",
    runtimes: [["tug", ""]],
    securityOptions: ["name=seccomp,profile=builtin"],
    warnings: [],
    cdiDirectories: ["/etc/cdi"],
    cdiDevices: ["vendor.com/gpu=0"],
  };
  return {
    version: async () => version,
    info: async () => info,
    diskUsage: async () => ({ layersBytes: 4_261_000, sharedBytes: {} }),
    async *events() {
      yield* past;
    },
  };
}

function createFakePlans(): PlansPort {
  return {
    explain: async (request) => ({
      digest: "sha256:feed",
      text: `run ${request.image}\n`,
      plan: { image: request.image },
    }),
    planOf: async (reference) => ({ digest: "sha256:f00d", text: `plan of ${reference}\n`, plan: {} }),
  };
}
