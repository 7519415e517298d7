import { defaultCapabilities } from "../../../src/runtime/index.ts";
import type { Linux, LinuxNamespace, Mount, Process, Spec } from "../../../src/specs/oci-runtime/index.ts";

/** What a test wants of a container; what it leaves out is plain. */
export type ConfigOptions = {
  /** The program and its arguments; the probe's report where absent. */
  readonly args?: readonly string[];
  readonly process?: Partial<Process>;
  /** Variables beside PATH and TUG_TEST. */
  readonly env?: readonly string[];
  readonly linux?: Partial<Linux>;
  /** Mounts after the plain ones. */
  readonly mounts?: readonly Mount[];
  /** Members of the top level. */
  readonly top?: Partial<Spec>;
  /** The last word. */
  readonly change?: (spec: Spec) => Spec;
};

/** Namespaces of a plain container. */
export const plainNamespaces: readonly LinuxNamespace[] = [
  { type: "pid" },
  { type: "mount" },
  { type: "ipc" },
  { type: "uts" },
  { type: "network" },
];

const plainMounts: readonly Mount[] = [
  { destination: "/proc", type: "proc", source: "proc" },
  { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=64k"] },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
  },
];

/** The variable by which everything that a container leaves behind is known. */
export const MARK = "TUG_TEST";

/** The plain container: root with Docker's capabilities, in namespaces of its own, with proc, dev and pts. */
export function plainConfig(id: string, options: ConfigOptions = {}): Spec {
  const { args = ["probe"], process = {}, env = [], linux = {}, mounts = [], top = {} } = options;
  const capabilities = [...defaultCapabilities];
  const spec: Spec = {
    ociVersion: "1.2.0",
    root: { path: "rootfs" },
    process: {
      args,
      cwd: "/",
      env: ["PATH=/bin", `${MARK}=${id}`, ...env],
      user: { uid: 0, gid: 0 },
      capabilities: { bounding: capabilities, permitted: capabilities, effective: capabilities },
      ...process,
    },
    mounts: [...plainMounts, ...mounts],
    linux: { namespaces: plainNamespaces, ...linux },
    ...top,
  };
  return options.change?.(spec) ?? spec;
}
