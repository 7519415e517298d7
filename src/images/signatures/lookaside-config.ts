import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as v from "valibot";
import { parse } from "yaml";
import { errnoOf, messageOf } from "../../base/index.ts";
import { scopesOf } from "../policy/policy.ts";
import type { Reference } from "../reference.ts";
import { readConfig, unusable } from "../registry/hosts/config-file.ts";

/** Where files say where signatures lie apart from registries. */
export type LookasideFiles = {
  /** The first of these directories that is there has all of the files. */
  readonly directories: readonly string[];
  /** The directory that signatures are in where no file says anything; undefined: there are none. */
  readonly storage: string | undefined;
};

/** Where people have such files already: those of podman and skopeo, whoever wrote them. */
export function usualLookasideFiles(home: string): LookasideFiles {
  return {
    directories: [
      "/etc/tug/registries.d",
      join(home, ".config/containers/registries.d"),
      "/etc/containers/registries.d",
    ],
    storage: "/var/lib/containers/sigstore",
  };
}

const storage = v.optional(v.string(), "");

/** Members with other names are about signatures that lie in registries. Those with older names count less. */
const namespace = v.object({
  lookaside: storage,
  "lookaside-staging": storage,
  sigstore: storage,
  "sigstore-staging": storage,
});

type Namespace = v.InferOutput<typeof namespace>;

const schema = v.object({
  "default-docker": v.nullish(namespace),
  docker: v.nullish(v.record(v.string(), namespace)),
});

/** Where the signatures of a repository lie: directories below these addresses. */
export type LookasidePlaces = {
  readonly read: URL | undefined;
  /** Where new ones are put; `read` if no file says otherwise. */
  readonly write: URL | undefined;
};

/**
 * Finds where the signatures of a repository lie, by the most special scope that says so. Files are read at every call.
 * Source: https://github.com/containers/image/blob/v5.36.2/docs/containers-registries.d.5.md
 * @throws IMAGE_REGISTRY_CONFIG
 */
export async function findLookaside(files: LookasideFiles, reference: Reference): Promise<LookasidePlaces> {
  const { scopes, usual, place } = await readDirectory(files.directories);
  const named = scopesOf(reference).map((scope) => scopes.get(scope));
  const namespaces = [...named, usual].filter((each) => each !== undefined);
  const addressOf = (choose: (from: Namespace) => string): URL | undefined => {
    const text = namespaces.map(choose).find((each) => each !== "");
    if (text !== undefined) return readAddress(text, place);
    return files.storage === undefined ? undefined : pathToFileURL(files.storage);
  };
  const readFrom = (from: Namespace) => from.lookaside || from.sigstore;
  return {
    read: addressOf(readFrom),
    write: addressOf((from) => from["lookaside-staging"] || from["sigstore-staging"] || readFrom(from)),
  };
}

type Merged = { scopes: Map<string, Namespace>; usual: Namespace | undefined; place: string };

/** What all files of a directory say together. A scope that is in two of them is a mistake. */
async function readDirectory(directories: readonly string[]): Promise<Merged> {
  const scopes = new Map<string, Namespace>();
  let usual: Namespace | undefined;
  const { directory, names } = await firstThere(directories);
  for (const name of names) {
    const file = join(directory, name);
    const text = await readConfig(file);
    if (text === undefined) continue;
    const { docker, "default-docker": general } = parseFile(text, file);
    if (general) {
      if (usual !== undefined) throw unusable(file, "default-docker is in another file of the directory too");
      usual = general;
    }
    for (const [scope, namespace] of Object.entries(docker ?? {})) {
      if (scopes.has(scope)) throw unusable(file, `docker ${scope} is in another file of the directory too`);
      scopes.set(scope, namespace);
    }
  }
  return { scopes, usual, place: directory };
}

async function firstThere(directories: readonly string[]): Promise<{ directory: string; names: string[] }> {
  for (const directory of directories) {
    try {
      const names = (await readdir(directory)).filter((name) => name.endsWith(".yaml"));
      return { directory, names: names.toSorted() };
    } catch (error) {
      if (!["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) {
        throw unusable(directory, messageOf(error));
      }
    }
  }
  return { directory: "", names: [] };
}

function parseFile(text: string, file: string): v.InferOutput<typeof schema> {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw unusable(file, messageOf(error).split("\n")[0] ?? "");
  }
  const result = v.safeParse(schema, value ?? {}, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = (issue.path ?? []).map(({ key }) => String(key)).join(".");
  throw unusable(file, `${path === "" ? "" : `${path}: `}${issue.message.slice(0, 200)}`);
}

function readAddress(text: string, place: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "file:" && url.host !== "") {
    throw unusable(place, `${text} names a host: write file:///DIRECTORY`);
  }
  if (url !== undefined && ["file:", "http:", "https:"].includes(url.protocol)) return url;
  throw unusable(place, `${text} is no address of signatures: write file:///DIRECTORY or https://HOST/PATH`);
}
