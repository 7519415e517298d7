import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { reasonOf } from "../../../../base/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import { cliError } from "../../../errors.ts";
import type { AccessValues } from "./access.ts";
import { readSyncList, type WantedRepository } from "./sync-list.ts";

/** One image to be copied: its place, and the name it has in the source, `registry/path:tag`. */
export type SyncJob = {
  readonly source: string;
  readonly name: string;
  readonly access: AccessValues;
};

/** Lists the tags of a repository. */
export type ListTags = (place: string, access: AccessValues) => Promise<readonly string[]>;

/** The images of one repository, or one image where a tag is named. */
export async function jobsOfRegistry(name: string, access: AccessValues, list: ListTags): Promise<SyncJob[]> {
  const bare = name.replace(/^docker:\/\//, "");
  const full = dockerApi.fullReference(bare);
  if (dockerApi.splitReference(bare).suffix !== "")
    return [{ source: `docker://${full}`, name: full, access }];
  const repository = dockerApi.splitReference(full).name;
  const tags = await list(`docker://${repository}`, access);
  return tags.map((tag) => ({
    source: `docker://${repository}:${tag}`,
    name: `${repository}:${tag}`,
    access,
  }));
}

/** The images of the repositories that a file lists. */
export async function jobsOfList(path: string, given: AccessValues, list: ListTags): Promise<SyncJob[]> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw cliError("FILE", `cannot read ${path}: ${reasonOf(cause)}`, { cause });
  });
  const jobs: SyncJob[] = [];
  for (const repository of readSyncList(text, path))
    jobs.push(...(await jobsOfWanted(repository, given, list)));
  return jobs;
}

async function jobsOfWanted(
  { registry, path, wanted, creds, tlsVerify }: WantedRepository,
  given: AccessValues,
  list: ListTags,
): Promise<SyncJob[]> {
  const access = { creds: given.creds ?? creds, "tls-verify": given["tls-verify"] && tlsVerify };
  const repository = `${registry}/${path}`;
  const all = wanted.kind === "named" ? wanted.names : await list(`docker://${repository}`, access);
  const tags = wanted.kind === "fitting" ? all.filter(wanted.fits) : all;
  return tags.map((tag) => {
    const name = `${repository}${tag.includes(":") ? "@" : ":"}${tag}`;
    return { source: `docker://${name}`, name, access };
  });
}

/** The images of a directory as `sync` writes it: each below the name it had, with its tag. */
export async function jobsOfDirectory(directory: string, access: AccessValues): Promise<SyncJob[]> {
  const root = resolve(directory);
  const names = await readdir(root, { recursive: true }).catch((cause: unknown) => {
    throw cliError("FILE", `cannot read ${root}: ${reasonOf(cause)}`, { cause });
  });
  const manifests = names.filter((name) => /(^|\/)manifest\.json$/.test(name)).toSorted();
  const jobs: SyncJob[] = [];
  for (const manifest of manifests) {
    const path = join(root, manifest, "..");
    if (!(await stat(path)).isDirectory()) continue;
    const name = relative(root, path);
    jobs.push({ source: `dir:${path}`, name: name === "" ? (path.split("/").at(-1) ?? "") : name, access });
  }
  return jobs;
}

/**
 * Where an image goes: below the target by its last name, or by all of its name if it shall keep that.
 *
 * @param target a directory, or a registry with a path or not
 */
export function targetOf(
  { name }: SyncJob,
  { kind, target, scoped }: { kind: "docker" | "dir"; target: string; scoped: boolean },
): string {
  const [, last = name] = /([^/]+)$/.exec(name) ?? [];
  const below = scoped ? name : last;
  return kind === "dir" ? `dir:${join(target, below)}` : `docker://${target.replace(/\/+$/, "")}/${below}`;
}
