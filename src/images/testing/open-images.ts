import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase, silentLogger } from "../../base/index.ts";
import type { Images } from "../images.ts";
import { type ImagesOptions, imagesMigrations, openImages } from "../open-images.ts";
import { createRegistryClient } from "../registry/client.ts";
import { createMemoryTrees, type MemoryTree, type MemoryTrees } from "./memory-trees.ts";

/** Images in a temporary directory, whose trees of files are in memory. */
export interface TestImages extends AsyncDisposable {
  readonly images: Images;
  readonly root: string;
  readonly database: Database;
  readonly trees: MemoryTrees;
  /** Opens the same directory once more, as after a restart. */
  reopen(): Promise<Images>;
  /** Names of blobs, unfinished ingests, and snapshot directories. */
  contents(): Promise<{ blobs: string[]; ingests: string[]; snapshots: string[] }>;
  /** The files of a stack of layers: the topmost content of each path, whiteouts left out. */
  files(lowers: readonly string[]): Record<string, string>;
}

export async function openTestImages(options: Partial<ImagesOptions> = {}): Promise<TestImages> {
  const root = await mkdtemp(join(tmpdir(), "tug-images-"));
  const database = openDatabase(join(root, "tug.db"), imagesMigrations);
  const trees = createMemoryTrees();
  const registry = createRegistryClient({ delay: async () => {}, idleTimeout: 10_000 });
  const reopen = () =>
    openImages({
      root,
      database,
      trees,
      registry,
      logger: silentLogger,
      embedded: ["tug/hello"],
      ...options,
    });
  return {
    images: await reopen(),
    root,
    database,
    trees,
    reopen,
    contents: async () => ({
      blobs: await readdir(join(root, "content/blobs/sha256")),
      ingests: await readdir(join(root, "content/ingest")),
      snapshots: await readdir(join(root, "snapshots")),
    }),
    files: (lowers) => Object.assign({}, ...[...lowers].reverse().map((each) => filesOf(trees.tree(each)))),
    async [Symbol.asyncDispose]() {
      registry[Symbol.dispose]();
      database.close();
      await rm(root, { recursive: true });
    },
  };
}

function filesOf(tree: MemoryTree): Record<string, string> {
  const files = [...tree].filter(([, { node }]) => node.type === "file");
  return Object.fromEntries(files.map(([path, { data }]) => [path, data.toString()]));
}
