import { execFileSync } from "node:child_process";
import type { Contender } from "./contender.ts";
import type { Fixture } from "./fixture.ts";

/** Engines that are installed on this machine and answer. They get the image and lose it again. */
export function engineContenders(fixture: Fixture): Contender[] {
  return ["docker", "podman"].flatMap((name) => {
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

function engine(name: string, version: string, { image }: Fixture): Contender {
  const kept = new Set<string>();
  const keep = (id: string): string[] => {
    kept.add(id);
    return [name, "run", "-d", "--name", id, "--network", "none", image, "sleep", "3600"];
  };
  return {
    name,
    version,
    runTrue: () => [name, "run", "--rm", "--network", "none", image, "true"],
    keep,
    execTrue: (id) => [name, "exec", id, "true"],
    start: keep,
    remove: (id) => [name, "rm", "-f", id],
    async [Symbol.asyncDispose]() {
      for (const id of kept) execFileSync(name, ["rm", "-f", id], { stdio: "ignore" });
      execFileSync(name, ["rmi", "-f", image], { stdio: "ignore" });
    },
  };
}
