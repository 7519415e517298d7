import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debianProgram, startProcess } from "../../environment/index.ts";
import { until } from "../../privileged/harness/until.ts";
import { type Program, program } from "./program.ts";

const containerd = debianProgram("containerd");

/** A containerd of a test's own; it ends with its scope. */
export type Containerd = AsyncDisposable & {
  readonly socket: string;
  /** Its client, in the namespace `test`. */
  readonly ctr: Program;
  /** What it has logged. */
  log(): string;
};

export type ContainerdOptions = {
  /** Added to its environment, which the runtime inherits. */
  readonly env?: Readonly<Record<string, string>>;
  /** Settings of plugins, as TOML. Without them there is no CRI. */
  readonly plugins?: string;
  /** What runs a program where containerd is to be; default: here. */
  readonly inside?: (command: readonly string[]) => Program;
};

/** Why there can be no containerd, or false. */
export function needsContainerd(): string | false {
  return containerd.skip;
}

/** Starts containerd with all that it keeps below a directory. */
export async function startContainerd(
  directory: string,
  { env = {}, plugins, inside = program }: ContainerdOptions = {},
): Promise<Containerd> {
  const socket = join(directory, "containerd.sock");
  const config = join(directory, "containerd.toml");
  const off = plugins === undefined ? ["io.containerd.grpc.v1.cri"] : [];
  await writeFile(
    config,
    `version = 2
root = "${directory}/lib"
state = "${directory}/run"
disabled_plugins = ${JSON.stringify([...off, "io.containerd.internal.v1.tracing"])}
[debug]
level = "warn"
[grpc]
address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
path = "${directory}/opt"
${plugins ?? ""}`,
  );
  const path = await programs(directory);
  const [file = "", ...args] = inside([containerd.path, "--config", config]).words([]);
  const daemon = startProcess(file, args, {
    env: { ...process.env, PATH: `${path}:${process.env.PATH}`, ...env },
  });
  const ctr = inside([debianProgram("ctr").path, "--address", socket, "--namespace", "test"]);
  await until(
    () => `containerd answers: ${daemon.stderr()}`,
    async () => (await ctr.run(["version"])).code === 0,
  );
  return {
    socket,
    ctr,
    log: () => daemon.stderr(),
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

/** A directory with the programs that containerd and dockerd look for on PATH. */
export async function programs(directory: string): Promise<string> {
  const path = join(directory, "bin");
  await mkdir(path);
  for (const name of ["containerd", "containerd-shim-runc-v2"] as const) {
    await symlink(debianProgram(name).path, join(path, name));
  }
  // dockerd wants its own runtime to be there.
  await symlink(debianProgram("runc").path, join(path, "runc"));
  return path;
}
