import { appendFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { needsPodman, openPodman } from "../../test/callers/harness/podman.ts";
import { debianProgram, removeTree } from "../../test/environment/index.ts";
import type { Contender } from "./contender.ts";
import { engineCommands } from "./engines.ts";
import type { Fixture } from "./fixture.ts";
import { serversOf } from "./servers.ts";
import { transferBy } from "./transferrers.ts";

/**
 * podman from Debian's packages in the cache of the tests, where none is installed. What it
 * keeps is where the bench keeps images; its networks and ports are made by netavark with nftables.
 *
 * @throws Error with the reason why there is none
 */
export async function ownPodmanContender({
  directory: place,
  state,
  archive,
  image,
}: Fixture): Promise<Contender> {
  const nft = debianProgram("nft");
  const reason = needsPodman() || debianProgram("crun").skip || nft.skip;
  if (reason !== false) throw new Error(reason);
  const directory = join(place, "podman");
  await mkdir(directory);
  // netavark looks for nft there.
  const PATH = `${dirname(nft.path)}:${process.env.PATH}`;
  const crun = { path: debianProgram("crun").path, env: { PATH } };
  const { podman } = await openPodman(directory, crun);
  const networks = `[network]\nfirewall_driver = "nftables"\nnetwork_config_dir = "${join(state, "podman-networks")}"\n`;
  await appendFile(podman.env.CONTAINERS_CONF ?? "", networks);
  const { env } = podman;
  const { commands } = engineCommands(podman.words([]), { name: "podman", image });
  await podman.ok(["load", "-i", archive]);
  return {
    name: "own-podman",
    version: await podman.ok(["version", "--format", "{{.Client.Version}}"]),
    env,
    ...commands,
    servers: serversOf(podman.words([]), image),
    pull: ({ here }) => podman.words(["pull", "--tls-verify=false", here]),
    removeImage: ({ here }) => podman.words(["rmi", here]),
    transfer: transferBy(podman.words([]), { insecure: ["--tls-verify=false"] }),
    [Symbol.asyncDispose]: () => removeTree(directory),
  };
}
