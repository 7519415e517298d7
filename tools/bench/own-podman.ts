import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { needsPodman, openPodman } from "../../test/callers/harness/podman.ts";
import { debianProgram, removeTree } from "../../test/environment/index.ts";
import type { Contender } from "./contender.ts";
import type { Fixture } from "./fixture.ts";

/**
 * podman from Debian's packages in the cache of the tests, for rows about pulls where none is installed. What it keeps is
 * where the bench keeps images.
 *
 * @throws Error with the reason why there is none
 */
export async function ownPodmanContender({ directory: place }: Fixture): Promise<Contender> {
  const reason = needsPodman() || debianProgram("crun").skip;
  if (reason !== false) throw new Error(reason);
  const directory = join(place, "podman");
  await mkdir(directory);
  const crun = { path: debianProgram("crun").path, env: {} };
  const { podman } = await openPodman(directory, crun);
  const { env } = podman;
  return {
    name: "own-podman",
    version: await podman.ok(["version", "--format", "{{.Client.Version}}"]),
    env,
    pull: ({ here }) => podman.words(["pull", "--tls-verify=false", here]),
    removeImage: ({ here }) => podman.words(["rmi", here]),
    [Symbol.asyncDispose]: () => removeTree(directory),
  };
}
