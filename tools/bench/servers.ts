import type { CommandLine } from "./contender.ts";

/** Containers on a bridge that serve, for whoever has docker's words. */
export type Servers = {
  /** @param published the machine's port that leads to port 80 of the container; left out: none does */
  start(name: string, command: CommandLine, published?: number): CommandLine;
  /** Prints the container's address. */
  addressOf(name: string): CommandLine;
  /** Runs a program in a container. */
  exec(name: string, command: CommandLine): CommandLine;
  remove(name: string): CommandLine;
};

/** The port of a server in its container. */
export const SERVED = 80;

/** @param program the client and its options */
export function serversOf(program: CommandLine, image: string): Servers {
  return {
    start(name, command, published) {
      const publish = published === undefined ? [] : ["-p", `${published}:${SERVED}`];
      return [...program, "run", "-d", "--name", name, "--network", "bridge", ...publish, image, ...command];
    },
    addressOf: (name) => {
      const address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
      return [...program, "inspect", "-f", address, name];
    },
    exec: (name, command) => [...program, "exec", name, ...command],
    remove: (name) => [...program, "rm", "-f", name],
  };
}
