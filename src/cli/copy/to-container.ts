import { lstat, stat } from "node:fs/promises";
import { posix } from "node:path";
import type { Client } from "../../api/docker/client/index.ts";
import { reasonOf, TugError } from "../../base/index.ts";
import { dockerApi } from "../../specs/index.ts";
import { type TreePiece, writeTar } from "../../tar/index.ts";
import type { CliContext } from "../context.ts";
import { cliError } from "../errors.ts";
import { readLocalTree } from "./local-tree.ts";
import type { CopyPath } from "./paths.ts";
import { type CopyTarget, placeCopy } from "./place.ts";

export type CopyOptions = {
  /** Owners and their rights are kept. */
  readonly archive: boolean;
  /** A link is copied as what it leads to. */
  readonly followLink: boolean;
};

export type ToContainer = {
  readonly client: Client;
  readonly context: CliContext;
  readonly from: Exclude<CopyPath, { kind: "container" }>;
  readonly to: Extract<CopyPath, { kind: "container" }>;
  readonly options: CopyOptions;
  readonly signal: AbortSignal;
};

/** Copies into a container. @returns the bytes of the files, undefined where they were not counted */
export async function copyToContainer(copy: ToContainer): Promise<number | undefined> {
  const { client, context, from, to, options, signal } = copy;
  const target = await targetIn(client, to, signal);
  if (from.kind === "stream") {
    if (target.found !== "directory") {
      throw cliError("COPY", `cannot unpack to ${to.container}:${to.path}: it must be a directory`);
    }
    await client.files.write(to.container, target.path, context.stdin, { keepKinds: true, signal });
    return undefined;
  }
  const source = { path: from.path, directory: await isDirectory(from, options.followLink) };
  const { directory, name } = placeCopy(source, target);
  let bytes = 0;
  const counted = async function* (pieces: AsyncIterable<TreePiece>): AsyncGenerator<TreePiece> {
    for await (const piece of pieces) {
      if (piece.kind === "data") bytes += piece.data.length;
      yield piece;
    }
  };
  const followLink = options.followLink || from.path.endsWith("/") || from.path.endsWith("/.");
  const tree = readLocalTree({ path: from.path, name, followLink, owners: options.archive });
  await client.files.write(to.container, directory, writeTar(counted(tree)), { keepKinds: true, signal });
  return bytes;
}

/** What is at the other end, links followed. What cannot be looked at is tried: the engine says why it fails. */
async function targetIn(
  client: Client,
  { container, path }: ToContainer["to"],
  signal: AbortSignal,
): Promise<CopyTarget> {
  const found = await statIn(client, { container, path, signal });
  if (found === undefined) return { path, found: undefined };
  if (!dockerApi.isGoSymlink(found.mode)) return { path, found: kindOf(found) };
  const target = posix.resolve(posix.dirname(path), found.linkTarget ?? "");
  const behind = await statIn(client, { container, path: target, signal });
  return { path: target, found: behind && kindOf(behind) };
}

/** What is at a path in a container; undefined for nothing. */
export async function statIn(
  client: Client,
  { container, path, signal }: { container: string; path: string; signal: AbortSignal },
): Promise<dockerApi.PathStat | undefined> {
  try {
    return await client.files.stat(container, path, { signal });
  } catch (error) {
    if (error instanceof TugError && error.kind === "notFound") return undefined;
    throw error;
  }
}

export function kindOf({ mode }: dockerApi.PathStat): "directory" | "file" {
  return dockerApi.isGoDirectory(mode) ? "directory" : "file";
}

async function isDirectory(
  { path, written }: Extract<CopyPath, { kind: "local" }>,
  followLink: boolean,
): Promise<boolean> {
  try {
    return (await (followLink ? stat : lstat)(path)).isDirectory();
  } catch (error) {
    throw cliError("COPY", `cannot copy ${written}: ${reasonOf(error)}`, { cause: error });
  }
}
