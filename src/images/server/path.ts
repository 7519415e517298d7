import { type Digest, isDigest, TugError } from "../../base/index.ts";
import { parseName, repositoryOf } from "../reference.ts";
import { Refusal } from "./answers.ts";

/** What a request is about. `name` is what clients call a repository, `repository` its name in the store. */
export type Target =
  | { readonly kind: "base" }
  | { readonly kind: "catalog" }
  | ({ readonly kind: "tags" } & Place)
  | ({ readonly kind: "uploads" } & Place)
  | ({ readonly kind: "upload"; readonly id: string } & Place)
  | ({ readonly kind: "manifest"; readonly reference: string } & Place)
  | ({ readonly kind: "blob"; readonly digest: Digest } & Place)
  | ({ readonly kind: "referrers"; readonly digest: Digest } & Place);

export type Place = { readonly name: string; readonly repository: string };

const endpoints: readonly [kind: Exclude<Target["kind"], "base" | "catalog">, pattern: RegExp][] = [
  ["uploads", /^(?<name>.+)\/blobs\/uploads\/?$/],
  ["upload", /^(?<name>.+)\/blobs\/uploads\/(?<last>[^/]+)$/],
  ["blob", /^(?<name>.+)\/blobs\/(?<last>[^/]+)$/],
  ["manifest", /^(?<name>.+)\/manifests\/(?<last>[^/]+)$/],
  ["referrers", /^(?<name>.+)\/referrers\/(?<last>[^/]+)$/],
  ["tags", /^(?<name>.+)\/tags\/list$/],
];

/** Source: distribution-spec v1.1.1, "Pulling manifests" */
const namePattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const longest = 2048;

/**
 * Reads the path of a request.
 *
 * @param registry what the store calls this registry, which begins the names of all repositories of it
 * @throws Refusal for a path that is none of the specification's, and for malformed names and digests
 */
export function readTarget(path: string, registry: string): Target {
  const text = path.length > longest ? "" : decode(path);
  const [, rest] = /^\/v2(?:\/(.*))?$/.exec(text) ?? [];
  if (text === "/v2" || rest === "") return { kind: "base" };
  if (rest === "_catalog") return { kind: "catalog" };
  for (const [kind, pattern] of endpoints) {
    const { name, last = "" } = pattern.exec(rest ?? "")?.groups ?? {};
    if (name === undefined) continue;
    const place = { name, repository: readRepository(name, registry) };
    if (kind === "blob" || kind === "referrers") return { kind, ...place, digest: readDigest(last) };
    if (kind === "manifest") return { kind, ...place, reference: last };
    return kind === "upload" ? { kind, ...place, id: last } : { kind, ...place };
  }
  throw new Refusal(404, "UNSUPPORTED", "there is nothing under this path");
}

/** What the store calls a repository of a registry. @throws Refusal */
export function readRepository(name: string, registry: string): string {
  const invalid = (reason: string) => new Refusal(400, "NAME_INVALID", `the repository's name ${reason}`);
  if (!namePattern.test(name)) throw invalid("has not the form of one");
  try {
    const { path, ...reference } = parseName(`${registry}/${name}`);
    // What follows the name of an image would be its id.
    if (path === "library/sha256") throw invalid("is not to be told from a digest");
    return repositoryOf({ path, ...reference });
  } catch (error) {
    if (error instanceof TugError) throw invalid("is not one that images can have");
    throw error;
  }
}

/** @throws Refusal */
export function readDigest(text: string | null): Digest {
  if (text !== null && isDigest(text)) return text;
  throw new Refusal(400, "DIGEST_INVALID", "the digest is not one of sha256 or sha512");
}

export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}
