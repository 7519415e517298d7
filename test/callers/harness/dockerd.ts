import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debianProgram, startProcess } from "../../environment/index.ts";
import { until } from "../../privileged/harness/until.ts";
import { needsContainerd, programs } from "./containerd.ts";
import type { OciRuntime } from "./oci-runtime.ts";
import { type Program, program } from "./program.ts";

/** A dockerd of a test's own with the runtime `tug`; it ends with its scope, and the containerd that it started. */
export type Dockerd = AsyncDisposable & {
  /** Its client. */
  readonly docker: Program;
};

/** Why there can be no dockerd, or false. */
export function needsDockerd(): string | false {
  return needsContainerd() || debianProgram("docker").skip;
}

/**
 * Starts dockerd without bridge and packet filter, and with all that it keeps below a directory.
 *
 * @param more further flags
 */
export async function startDockerd(
  directory: string,
  runtime: OciRuntime,
  more: readonly string[] = [],
): Promise<Dockerd> {
  const host = `unix://${join(directory, "docker.sock")}`;
  const config = join(directory, "docker.json");
  await writeFile(config, "{}");
  await mkdir(join(directory, "home"));
  const options = {
    "config-file": config,
    host,
    "data-root": join(directory, "lib"),
    "exec-root": join(directory, "exec"),
    pidfile: join(directory, "docker.pid"),
    "log-level": "warn",
    "add-runtime": `tug=${runtime.path}`,
    bridge: "none",
    iptables: "false",
    ip6tables: "false",
    "userland-proxy": "false",
  };
  const path = await programs(directory);
  const daemon = startProcess(
    debianProgram("dockerd").path,
    [...Object.entries(options).map(([name, value]) => `--${name}=${value}`), ...more],
    { env: { ...process.env, PATH: `${path}:${process.env.PATH}`, ...runtime.env } },
  );
  const docker = program([debianProgram("docker").path, "--host", host], {
    env: { HOME: join(directory, "home") },
  });
  await until(
    () => `dockerd answers: ${daemon.stderr()}`,
    async () => (await docker.run(["version"])).code === 0,
  );
  return { docker, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}
