import { stat } from "node:fs/promises";
import { posix } from "node:path";
import type { Client } from "../../api/docker/client/index.ts";
import { drained } from "../../base/index.ts";
import { dockerApi } from "../../specs/index.ts";
import { byteStringOf } from "../../tar/index.ts";
import type { CliContext } from "../context.ts";
import { cliError } from "../errors.ts";
import type { CopyPath } from "./paths.ts";
import { baseName, type CopyTarget, placeCopy } from "./place.ts";
import { type CopyOptions, kindOf, statIn } from "./to-container.ts";
import { writeTree } from "./write-tree.ts";

export type FromContainer = {
  readonly client: Client;
  readonly context: CliContext;
  readonly from: Extract<CopyPath, { kind: "container" }>;
  readonly to: Exclude<CopyPath, { kind: "container" }>;
  readonly options: CopyOptions;
  readonly signal: AbortSignal;
};

/** Copies out of a container. @returns the bytes of the files, undefined where they were not counted */
export async function copyFromContainer(copy: FromContainer): Promise<number | undefined> {
  const { client, context, from, to, options, signal } = copy;
  if (to.kind === "stream" && context.terminal.stdout) {
    const hint = "redirect the output";
    throw cliError("USAGE", "cannot copy to a terminal: an archive is not text", { hint });
  }
  const path = options.followLink ? await followed(copy) : from.path;
  const { stat: found, archive } = await client.files.read(from.container, path, { signal });
  if (to.kind === "stream") return writeStream(archive, context);
  const source = { path: from.path, directory: kindOf(found) === "directory" };
  const { directory, name } = placeCopy(source, await localTarget(to));
  await requireDirectory(directory, to.written);
  const rename = renaming(path, name);
  return writeTree(archive, { directory, rename, owners: options.archive });
}

/** Where a link at the path leads; the path itself when there is none. */
async function followed({ client, from, signal }: FromContainer): Promise<string> {
  const found = await statIn(client, { ...from, signal });
  if (found === undefined || !dockerApi.isGoSymlink(found.mode)) return from.path;
  return posix.resolve(posix.dirname(from.path), found.linkTarget ?? "");
}

/** Paths of the archive of a path begin with its last name; here they begin with another one, or with none. */
function renaming(path: string, name: string): (entry: string) => string {
  const base = baseName(path);
  const prefix = base === "." ? "" : byteStringOf(base);
  const wanted = byteStringOf(name);
  return (entry) => {
    const below = prefix === "" ? entry : entry.slice(prefix.length).replace(/^\//, "");
    return [wanted, below].filter((part) => part !== "").join("/");
  };
}

async function localTarget({ path }: Extract<CopyPath, { kind: "local" }>): Promise<CopyTarget> {
  const found = await stat(path).catch(() => undefined);
  return { path, found: found && (found.isDirectory() ? "directory" : "file") };
}

async function requireDirectory(path: string, written: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return;
  throw cliError("COPY", `cannot copy to ${written}: directory ${path} does not exist`);
}

async function writeStream(archive: AsyncIterable<Uint8Array>, { stdout }: CliContext): Promise<undefined> {
  for await (const chunk of archive) {
    if (stdout.destroyed || stdout.errored) return;
    if (!stdout.write(chunk)) await drained(stdout);
  }
}
