import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { programs } from "../../test/callers/harness/containerd.ts";
import { needsDockerd } from "../../test/callers/harness/dockerd.ts";
import { debianProgram, removeTree, startProcess } from "../../test/environment/index.ts";
import { type CommandLine, type Contender, print } from "./contender.ts";
import { engineCommands } from "./engines.ts";
import type { Fixture } from "./fixture.ts";
import { familyOf } from "./memory.ts";
import { serversOf } from "./servers.ts";
import { transferBy } from "./transferrers.ts";

/** How often it is asked whether it answers, every 100 ms. */
const TRIES = 300;

/** Below the group of tug's own containers, which is removed when it is empty. */
const CGROUP = "/tug/docker";

/**
 * A daemon of Docker's in the bench's own network namespace, from Debian's packages in the cache of the tests: ports that
 * one outside publishes cannot be reached in here, and registries in here not by one outside. It takes part in all rows where
 * none is installed, else in those about networks and pulls, and where many containers are.
 *
 * @throws Error with the reason why there is none
 */
export async function ownDockerContender(fixture: Fixture): Promise<Contender> {
  const reason = needsDockerd();
  if (reason !== false) throw new Error(reason);
  await using opened = new AsyncDisposableStack();
  const directory = join(fixture.state, "docker");
  await mkdir(directory);
  opened.defer(() => removeTree(directory));
  const socket = join(directory, "docker.sock");
  const docker = [debianProgram("docker").path, "--host", `unix://${socket}`];
  const daemon = opened.use(await startDaemon({ directory, socket, place: fixture.directory }));
  const version = [...docker, "version", "--format", "{{.Server.Version}}"];
  for (let tries = TRIES; !(await answers(version)); tries -= 1) {
    if (tries === 0 || daemon.child.exitCode !== null)
      throw new Error(`its daemon does not start: ${daemon.stderr().trim().split("\n").at(-1)}`);
    await sleep(100);
  }
  await print([...docker, "load", "-i", fixture.archive]);
  const kept = opened.move();
  const { commands } = engineCommands(docker, { name: "docker", image: fixture.image });
  return {
    name: "dockerd",
    version: `${await print(version)}, in the bench's network namespace`,
    ...commands,
    servers: serversOf(docker, fixture.image),
    socket,
    pull: ({ here }) => [...docker, "pull", here],
    daemons: () => familyOf(daemon.child.pid ?? 0),
    removeImage: ({ here }) => [...docker, "rmi", here],
    transfer: transferBy(docker),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

type Places = { readonly directory: string; readonly socket: string; readonly place: string };

/** @param places.place where the bench keeps images */
async function startDaemon({ directory, socket, place }: Places) {
  // A daemon that turns forwarding on by itself lets nobody else's packets through from then on.
  await writeFile("/proc/sys/net/ipv4/ip_forward", "1");
  const config = join(directory, "docker.json");
  await writeFile(config, "{}");
  const options = {
    "config-file": config,
    host: `unix://${socket}`,
    "data-root": join(place, "docker"),
    "exec-root": join(directory, "exec"),
    pidfile: join(directory, "docker.pid"),
    "log-level": "error",
    "cgroup-parent": CGROUP,
    "userland-proxy-path": resolve(dirname(debianProgram("dockerd").path), "docker-proxy"),
  };
  const path = await programs(directory);
  for (const name of ["iptables", "ip6tables"]) await writeFilter(join(path, name));
  return startProcess(
    debianProgram("dockerd").path,
    Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    { env: { ...process.env, PATH: `${path}:${process.env.PATH}` } },
  );
}

/** The program for the packet filter, which has to be told where its libraries are. */
async function writeFilter(path: string): Promise<void> {
  const packages = resolve(dirname(debianProgram("dockerd").path), "../..");
  const libraries = `${packages}/usr/lib/${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`;
  const loader = process.arch === "x64" ? "usr/lib64/ld-linux-x86-64.so.2" : "usr/lib/ld-linux-aarch64.so.1";
  await writeFile(
    path,
    `#!/bin/sh
export XTABLES_LIBDIR=${libraries}/xtables
exec ${packages}/${loader} --argv0 "\${0##*/}" --library-path ${libraries} ${packages}/usr/sbin/xtables-nft-multi "$@"
`,
  );
  await chmod(path, 0o755);
}

function answers(command: CommandLine): Promise<boolean> {
  return print(command).then(
    () => true,
    () => false,
  );
}
