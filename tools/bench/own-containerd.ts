import { mkdir, open, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { debianProgram, needsErofs, removeTree, startProcess } from "../../test/environment/index.ts";
import { cacheDirectory } from "../test/cache.ts";
import { preparePackages } from "../test/debian/package-cache.ts";
import { withLock } from "../test/lock.ts";
import { type CommandLine, type Contender, print } from "./contender.ts";
import type { Fixture } from "./fixture.ts";
import { familyOf } from "./memory.ts";

/** How often it is asked whether it answers, every 100 ms. */
const TRIES = 100;

/** How it keeps layers. */
export type Snapshotter = "erofs" | "overlayfs";

/** What unpacks a layer for a snapshotter. */
const differs = { erofs: "erofs", overlayfs: "walking" } as const satisfies Record<Snapshotter, string>;

/** Fetches its packages where they are not there: in the machine's own network, the bench's has no way out. */
export async function fetchContainerd(): Promise<void> {
  try {
    await withLock(join(cacheDirectory, "lock"), () => preparePackages(["erofs"], console.log));
  } catch (error) {
    console.log(`containerd 2 cannot be fetched: ${(error as Error).message}`);
  }
}

/**
 * A containerd of the first release of Debian's that unpacks layers as erofs, with its settings for that which are the
 * fastest, and with igzip, which it decompresses by where it finds it. It takes part where images are pulled; what it keeps is
 * where the bench keeps images.
 *
 * @throws Error with the reason why there is none
 */
export async function ownContainerdContender(fixture: Fixture, snapshotter: Snapshotter): Promise<Contender> {
  const reason = debianProgram("containerd-2").skip || (snapshotter === "erofs" && needsErofs());
  if (reason !== false) throw new Error(reason);
  const name = `containerd-${snapshotter}`;
  const place = join(fixture.directory, name);
  const directory = join(fixture.state, name);
  await using opened = new AsyncDisposableStack();
  for (const each of [place, directory]) {
    await mkdir(each);
    opened.defer(() => removeTree(each));
  }
  const socket = join(directory, "containerd.sock");
  const daemon = opened.use(await startDaemon({ place, directory, socket, snapshotter }));
  const ctr = [debianProgram("ctr-2").path, "--address", socket, "--namespace", "tug-bench"];
  for (let tries = TRIES; !(await hasPlugins(ctr, snapshotter)); tries -= 1) {
    if (tries === 0 || daemon.child.exitCode !== null)
      throw new Error(`it does not start, or lacks ${snapshotter}: ${lastLine(daemon.stderr())}`);
    await sleep(100);
  }
  const kept = opened.move();
  return {
    name,
    version: await print([debianProgram("containerd-2").path, "--version"]),
    pull: ({ here }) => [...ctr, "images", "pull", "--plain-http", "--snapshotter", snapshotter, here],
    checkPulled: ({ layers }) => checkSnapshots(join(place, "lib"), { snapshotter, layers }),
    daemons: () => familyOf(daemon.child.pid ?? 0),
    removeImage: ({ here }) => [...ctr, "images", "rm", "--sync", here],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

type Places = {
  readonly place: string;
  readonly directory: string;
  readonly socket: string;
  readonly snapshotter: Snapshotter;
};

/**
 * @param places.place where images are
 * @param places.directory where all else is
 * Source: https://github.com/containerd/containerd/blob/v2.1.4/docs/snapshotters/erofs.md
 */
async function startDaemon({ place, directory, socket, snapshotter }: Places) {
  const config = join(directory, "config.toml");
  const platform = `linux/${process.arch === "x64" ? "amd64" : process.arch}`;
  await writeFile(
    config,
    `version = 3
root = "${place}/lib"
state = "${directory}/run"
disabled_plugins = ${JSON.stringify(unneeded)}
[debug]
level = "error"
[grpc]
address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
path = "${directory}/opt"
[plugins."io.containerd.differ.v1.erofs"]
mkfs_options = ["-T0", "--mkfs-time", "--sort=none"]
[[plugins."io.containerd.transfer.v1.local".unpack_config]]
platform = "${platform}"
snapshotter = "${snapshotter}"
differ = "${differs[snapshotter]}"
`,
  );
  const path = join(directory, "bin");
  await mkdir(path);
  for (const name of ["igzip", "mkfs.erofs"] as const)
    await symlink(debianProgram(name).path, join(path, name));
  return startProcess(debianProgram("containerd-2").path, ["--config", config], {
    env: { ...process.env, PATH: `${path}:${process.env.PATH}` },
  });
}

/** What asks for more than pulls need: networks' configuration, other file systems, where to send traces. */
const unneeded = [
  "io.containerd.cri.v1.images",
  "io.containerd.cri.v1.runtime",
  "io.containerd.grpc.v1.cri",
  "io.containerd.internal.v1.tracing",
  "io.containerd.nri.v1.nri",
];

/** Whether it answers, and has what unpacks and keeps layers. */
async function hasPlugins(ctr: CommandLine, snapshotter: Snapshotter): Promise<boolean> {
  const plugins = await print([...ctr, "plugins", "ls"]).catch(() => "");
  const isReady = (type: string, id: string): boolean =>
    new RegExp(`^io\\.containerd\\.${type}\\.v1\\s+${id}\\s.*\\sok`, "m").test(plugins);
  return isReady("snapshotter", snapshotter) && isReady("differ", differs[snapshotter]);
}

type Expected = { readonly snapshotter: Snapshotter; readonly layers: number };

/** Every layer has to be there, as what it is to be kept as. */
async function checkSnapshots(root: string, { snapshotter, layers }: Expected): Promise<void> {
  const snapshots = join(root, `io.containerd.snapshotter.v1.${snapshotter}`, "snapshots");
  const found = await readdir(snapshots);
  const isRight = snapshotter === "erofs" ? isOfDiffer : hasFiles;
  const right = await Promise.all(found.map((each) => isRight(join(snapshots, each))));
  const count = right.filter(Boolean).length;
  if (count !== layers || found.length !== layers)
    throw new Error(`of ${layers} layers ${count} are kept by ${snapshotter}; snapshots: ${found.length}`);
}

async function hasFiles(snapshot: string): Promise<boolean> {
  return (await readdir(join(snapshot, "fs"))).length > 0;
}

/** Where the version of the file system's UUID is, in the upper half of a byte. Source: fs/erofs/erofs_fs.h, RFC 9562 section 4 */
const UUID_VERSION = 1024 + 48 + 6;

/**
 * Whether a layer was made of its archive. Where the differ for erofs did not take part, the snapshotter makes an erofs of
 * what was unpacked before: with a random UUID then, where the differ computes one of the layer's digest.
 */
async function isOfDiffer(snapshot: string): Promise<boolean> {
  const layer = await open(join(snapshot, "layer.erofs"));
  try {
    const { buffer } = await layer.read(Buffer.alloc(1), 0, 1, UUID_VERSION);
    return (buffer[0] ?? 0) >> 4 === 5;
  } finally {
    await layer.close();
  }
}

function lastLine(text: string): string | undefined {
  return text.trim().split("\n").at(-1);
}
