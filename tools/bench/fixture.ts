import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  buildImage,
  busyboxEntries,
  busyboxRootfs,
  dockerArchive,
  removeTree,
  type TarEntry,
  temporaryDirectory,
} from "../../test/environment/index.ts";
import { checkout } from "../test/cache.ts";
import { benchProgram } from "./programs.ts";

/** Where the image has the program that makes load, if it could be compiled. */
export const LOAD = "/bin/load";

/** What all contenders run: one small image, and its files as a directory. */
export type Fixture = AsyncDisposable & {
  readonly directory: string;
  /** An archive of the image, as `docker save` writes it. */
  readonly archive: string;
  readonly image: string;
  /** The image's files, for runtimes that take bundles. */
  readonly rootfs: string;
  /** Directory in memory, as /run is, for what contenders keep while containers run. */
  readonly state: string;
  /** Directory with `tug` and `tug-oci`. */
  readonly programs: string;
};

/** Makes the image and the root file system, and gives our programs their names. */
export async function makeFixture(): Promise<Fixture> {
  const directory = await temporaryDirectory();
  const { path } = directory;
  const image = buildImage({
    layers: [{ entries: [...busyboxEntries(), loadEntry()] }],
    config: { Cmd: ["sh"], Env: ["PATH=/bin"] },
  });
  const archive = join(path, "image.tar");
  await writeFile(archive, dockerArchive({ "bench:latest": image }));
  const rootfs = join(path, "rootfs");
  await mkdir(rootfs);
  await busyboxRootfs(rootfs);
  const programs = join(path, "bin");
  await mkdir(programs);
  for (const name of ["tug", "tug-oci"])
    await symlink(join(checkout, "dist/helper/tug-helper"), join(programs, name));
  const state = await mkdtemp("/dev/shm/tug-bench-");
  return {
    directory: path,
    state,
    archive,
    image: "bench:latest",
    rootfs,
    programs,
    async [Symbol.asyncDispose]() {
      await removeTree(state);
      await directory[Symbol.asyncDispose]();
    },
  };
}

function loadEntry(): TarEntry {
  return { path: LOAD.slice(1), content: readFileSync(benchProgram("load")), mode: 0o755 };
}
