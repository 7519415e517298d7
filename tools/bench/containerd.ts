import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { CommandLine, Contender } from "./contender.ts";
import type { Fixture } from "./fixture.ts";

/** Its own corner of the daemon, away from what others keep there. */
const ctr = (...words: string[]): string[] => ["ctr", "--namespace", "tug-bench", ...words];

/**
 * containerd, by its own client, if it is installed and answers (`CONTAINERD_ADDRESS`). It has no logs to write or
 * print. The image's name is the one that an archive of docker's gets there.
 */
export function containerdContender({ archive, image }: Fixture): Contender | undefined {
  const reference = `docker.io/library/${image}`;
  let version: string;
  try {
    version = versionOf(output(ctr("version")));
    output(ctr("images", "import", archive));
  } catch {
    return undefined;
  }
  const kept = new Set<string>();
  const keep = (id: string): CommandLine => {
    kept.add(id);
    return ctr("run", "--detach", "--null-io", reference, id, "sleep", "3600");
  };
  const remove = (id: string): CommandLine => {
    kept.delete(id);
    // The first ends with the exit code of what it has killed.
    return words(`${line(ctr("tasks", "rm", "--force", id))}; ${line(ctr("containers", "rm", id))}`);
  };
  return {
    name: "containerd",
    version,
    // It leaves networks to those who use it.
    runTrue: (network) =>
      network === "none" ? ctr("run", "--rm", "--null-io", reference, unique("run"), "true") : undefined,
    keep,
    start: (id, network) => (network === "none" ? keep(id) : undefined),
    remove,
    execTrue: (id) => ctr("tasks", "exec", "--exec-id", unique("exec"), id, "true"),
    pull: ({ here }) => ctr("images", "pull", "--plain-http", here),
    removeImage: ({ here }) => ctr("images", "rm", "--sync", here),
    pidOf: (id) => words(`${line(ctr("tasks", "ls"))} | awk '$1 == "${id}" { print $2 }'`),
    async [Symbol.asyncDispose]() {
      // Those that did not start are not there.
      for (const [program = "", ...args] of [...kept].map(remove))
        spawnSync(program, args, { stdio: "ignore" });
      output(ctr("images", "rm", "--sync", reference));
    },
  };
}

function unique(use: string): string {
  return `bench-${use}-${randomUUID()}`;
}

function versionOf(answer: string): string {
  return /Server:\s+Version:\s+(\S+)/.exec(answer)?.[1] ?? "unknown";
}

function output([program = "", ...args]: CommandLine): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

function words(script: string): CommandLine {
  return ["sh", "-c", script];
}

function line(command: CommandLine): string {
  return command.join(" ");
}
