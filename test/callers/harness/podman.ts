import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debianProgram } from "../../environment/index.ts";
import type { OciRuntime } from "./oci-runtime.ts";
import { type Program, program } from "./program.ts";

/** podman and buildah with one store of their own. */
export type Podman = {
  readonly podman: Program;
  readonly buildah: Program;
};

/** Why there can be no podman, or false. */
export function needsPodman(): string | false {
  return debianProgram("podman").skip;
}

export type PodmanOptions = {
  readonly manager?: "cgroupfs" | "systemd";
  /** What runs a program where podman is to be; default: here. */
  readonly inside?: (command: readonly string[], env: Readonly<Record<string, string>>) => Program;
};

/**
 * Configures podman and buildah with all that they keep below a directory, and the runtime `tug` as their default.
 * What was not installed but unpacked has to be told where everything is.
 */
export async function openPodman(
  directory: string,
  runtime: Pick<OciRuntime, "path" | "env">,
  { manager = "cgroupfs", inside }: PodmanOptions = {},
): Promise<Podman> {
  const place = (name: string): string => join(directory, name);
  const helpers = place("helpers");
  await mkdir(helpers);
  await symlink(debianProgram("netavark").path, join(helpers, "netavark"));
  await mkdir(place("home/.config/containers"), { recursive: true });
  await writeFile(
    place("home/.config/containers/policy.json"),
    JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }),
  );
  await writeFile(place("registries.conf"), "unqualified-search-registries = []\n");
  await writeFile(
    place("storage.conf"),
    `[storage]\ndriver = "overlay"\ngraphroot = "${place("lib")}"\nrunroot = "${place("run")}"\n`,
  );
  await writeFile(
    place("containers.conf"),
    `[containers]
default_sysctls = []
pids_limit = 0
default_ulimits = ["nofile=1000:1000", "nproc=${mostProcesses()}"]
[engine]
cgroup_manager = "${manager}"
conmon_path = ["${debianProgram("conmon").path}"]
events_logger = "file"
lock_type = "file"
helper_binaries_dir = ["${helpers}"]
runtime = "tug"
runtime_supports_json = ["tug"]
runtime_supports_nocgroup = ["tug"]
[engine.runtimes]
tug = ["${runtime.path}"]
`,
  );
  const env = {
    CONTAINERS_CONF: place("containers.conf"),
    CONTAINERS_STORAGE_CONF: place("storage.conf"),
    CONTAINERS_REGISTRIES_CONF: place("registries.conf"),
    PODMAN_IGNORE_CGROUPSV1_WARNING: "1",
    HOME: place("home"),
    XDG_RUNTIME_DIR: directory,
    ...runtime.env,
  };
  const podman = [debianProgram("podman").path, "--tmpdir", place("tmp"), "--log-level", "error"];
  const make = (command: readonly string[]): Program =>
    inside?.(command, env) ?? program(command, { env, cwd: directory });
  return { podman: make(podman), buildah: make([debianProgram("buildah").path]) };
}

/** The most processes that this one may allow: without a right of its own nobody may allow more. */
function mostProcesses(): string {
  const args = ["--nproc", "--raw", "--noheadings", "--output", "HARD"];
  const most = execFileSync("prlimit", args, { encoding: "utf8" }).trim();
  return most === "unlimited" ? "-1:-1" : `${most}:${most}`;
}
