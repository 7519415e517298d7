import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { openDatabase, silentLogger } from "../../src/base/index.ts";
import { layerMounter } from "../../src/engine/layer-mounter.ts";
import { helperTrees } from "../../src/engine/trees.ts";
import { createHelper } from "../../src/helper/index.ts";
import {
  createRegistryClient,
  type Images,
  type ImagesOptions,
  imagesMigrations,
  openImages,
  type RegistryClientOptions,
  type SnapshotForm,
} from "../../src/images/index.ts";
import { requireRoot, temporaryDirectory } from "../environment/index.ts";

export const helperPath = resolve(import.meta.dirname, "../../dist/helper/tug-helper");

export const run = promisify(execFile);

/** Why a test with the real helper must be skipped, or false. */
export function requireHelper(): string | false {
  return requireRoot() || (existsSync(helperPath) ? false : "the helper is not built");
}

/** Images on the disk, written by the real helper. */
export interface TestStore extends AsyncDisposable {
  readonly images: Images;
  /** A temporary directory; `store` in it is that of the images. */
  readonly path: string;
  /** The OCI image layout with the content. */
  readonly content: string;
}

/** @param prepare is called with the directory of the images before it is made */
export async function openStore(
  options: RegistryClientOptions = {},
  prepare: (root: string) => Promise<void> = async () => {},
): Promise<TestStore> {
  await using scope = new AsyncDisposableStack();
  const { path } = scope.use(await temporaryDirectory());
  await prepare(join(path, "store"));
  const { images } = scope.use(await openAt(path, options));
  const open = scope.move();
  return {
    images,
    path,
    content: join(path, "store/content"),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Opens the images that are in a directory, or will be. */
export async function openAt(
  path: string,
  options: RegistryClientOptions = {},
  imagesOptions: Pick<ImagesOptions, "snapshotter" | "layers" | "disk"> = {},
): Promise<AsyncDisposable & { images: Images }> {
  await using scope = new AsyncDisposableStack();
  const root = join(path, "store");
  const database = scope.use(openDatabase(join(path, "tug.db"), imagesMigrations));
  const registry = scope.use(createRegistryClient(options));
  const trees = helperTrees(createHelper(helperPath));
  const images = await openImages({
    root,
    database,
    trees,
    registry,
    logger: silentLogger,
    ...imagesOptions,
  });
  scope.defer(() => images.close());
  const open = scope.move();
  return { images, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** Options of `openAt` for a store that mounts layers, below the same directory. */
export function withLayers(
  path: string,
  snapshotter: SnapshotForm,
): Pick<ImagesOptions, "snapshotter" | "layers"> {
  const mounter = layerMounter(createHelper(helperPath));
  return { snapshotter, layers: { root: join(path, "layers"), mounter } };
}

/** One line for each file below a directory: type, mode, owner, size, time, path, target, link count, content. */
export async function listTree(directory: string): Promise<string[]> {
  const { stdout } = await run(
    "sh",
    [
      "-c",
      `find . -printf '%y %m %U %G %T@ %p -> %l\\n' | sort -k 6
       find . -type f -printf '%s %n %p\\n' | sort -k 3
       find . -type f -print0 | sort -z | xargs -0r sha256sum
       find . '(' -type c -o -type b ')' -exec stat -c '%t:%T %n' {} + | sort
       getfattr --version >/dev/null 2>&1 && getfattr -hRd -m - . 2>/dev/null || true`,
    ],
    { cwd: directory, maxBuffer: 256 * 1024 * 1024 },
  );
  return stdout.split("\n");
}

/** Compares two lists of `listTree`, but for the time of the top directory, and shows the first differences. */
export function assertSameTree(actual: readonly string[], expected: readonly string[]): void {
  const rows = (lines: readonly string[]) => new Set(lines.filter((line) => !line.endsWith(" . -> ")));
  const [ours, theirs] = [rows(actual), rows(expected)];
  const differences = [
    ...[...ours].filter((line) => !theirs.has(line)).map((line) => `ours:   ${line}`),
    ...[...theirs].filter((line) => !ours.has(line)).map((line) => `theirs: ${line}`),
  ];
  assert.equal(differences.slice(0, 20).join("\n"), "");
}
