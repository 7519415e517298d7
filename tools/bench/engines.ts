import { execFileSync } from "node:child_process";
import { type Contender, type Network, printFile } from "./contender.ts";
import type { Fixture } from "./fixture.ts";
import { serversOf } from "./servers.ts";
import { transferBy } from "./transferrers.ts";

/** Other engines. The one drivers of logs that both have write lines to a file. */
const logOptions = { docker: "--log-driver json-file", podman: "--log-driver k8s-file" } as const;
type EngineName = keyof typeof logOptions;

/** podman gives a container ten seconds to end by itself otherwise. */
const atOnce = { docker: [], podman: ["--time", "0"] } as const;

/** docker takes a registry on loopback for one without TLS. */
const plain = { docker: [], podman: ["--tls-verify=false"] } as const;

/** A daemon pulls from where it is, podman from where it is called. */
const reach = { docker: "there", podman: "here" } as const;

export const engineNames = Object.keys(logOptions) as EngineName[];

/** Engines that are installed on this machine and answer. They get the image and lose it again. */
export function engineContenders(fixture: Fixture): Contender[] {
  return engineNames.flatMap((name) => {
    try {
      const version = execFileSync(name, ["version", "--format", "{{.Server.Version}}"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
      execFileSync(name, ["load", "-i", fixture.archive], { stdio: "ignore" });
      return [engine(name, version, fixture)];
    } catch {
      return [];
    }
  });
}

function engine(name: EngineName, version: string, { image }: Fixture): Contender {
  const { kept, commands } = engineCommands([name], { name, image });
  return {
    name,
    version,
    ...commands,
    // A daemon has its bridge and its ports in the machine's own network.
    ...(name === "docker" ? { socket: dockerSocket() } : { servers: serversOf([name], image) }),
    pull: (offered) => [name, "pull", ...plain[name], offered[reach[name]]],
    removeImage: (offered) => [name, "rmi", offered[reach[name]]],
    transfer: transferBy([name], { reach: reach[name], insecure: plain[name] }),
    async [Symbol.asyncDispose]() {
      for (const id of kept) execFileSync(name, ["rm", "-f", id], { stdio: "ignore" });
      execFileSync(name, ["rmi", "-f", image], { stdio: "ignore" });
    },
  };
}

/**
 * What is asked of an engine with Docker's command line about containers of an image.
 *
 * @param words the program, with options for all its commands
 * @returns also the names of all that were started, which may be there still
 */
export function engineCommands(
  words: readonly string[],
  { name, image }: { name: EngineName; image: string },
) {
  const kept = new Set<string>();
  const start = (id: string, network: Network): string[] => {
    kept.add(id);
    return [...words, "run", "-d", "--name", id, "--network", network, image, "sleep", "3600"];
  };
  const commands = {
    runTrue: (network) => [...words, "run", "--rm", "--network", network, image, "true"],
    keep: (id) => start(id, "none"),
    execTrue: (id) => [...words, "exec", id, "true"],
    start,
    remove: (id) => [...words, "rm", "-f", ...atOnce[name], id],
    writeLog: (id, file) => printFile(words.join(" "), logOptions[name], { name: id, file, image }),
    readLog: (id) => [...words, "logs", id],
    pidOf: (id) => [...words, "inspect", "-f", "{{.State.Pid}}", id],
  } satisfies Partial<Contender>;
  return { kept, commands };
}

/** Where docker's client looks for the daemon, if that is a file. */
function dockerSocket(): string {
  return process.env.DOCKER_HOST?.replace(/^unix:\/\//, "") ?? "/var/run/docker.sock";
}
