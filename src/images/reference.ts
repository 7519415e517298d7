import { type Digest, isDigest } from "../base/index.ts";
import { imageError } from "./errors.ts";

/**
 * The name of an image. `domain` is the registry's host with an optional port, as written; it is empty for an
 * embedded name, which no text of the grammar can otherwise produce. A reference with a digest may carry a tag too,
 * and then the digest decides.
 */
export type Reference = {
  readonly domain: string;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
};

export type ReferenceOptions = {
  /** Repositories that belong to no registry, such as `tug/hello`; they stand for themselves. */
  embedded?: readonly string[];
};

/** The registry that names without a registry belong to. */
export const defaultDomain = "docker.io";
const legacyDomain = "index.docker.io";
const officialPrefix = "library/";
const defaultTag = "latest";

const maxPathLength = 255;
/** Longer than the longest reference there can be: host name 253, port, path 255, tag 128, sha512 digest. */
const maxLength = 1024;

const component = "(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)";
const domainPattern = new RegExp(`^(?:${component}(?:\\.${component})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const pathPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const bareDigestPattern = /^[a-f0-9]{64}$/;

/**
 * Reads a reference as Docker's tools do: `debian` is docker.io/library/debian:latest.
 *
 * Source: https://github.com/distribution/reference/blob/v0.6.0/reference.go (grammar) and normalize.go
 * @throws IMAGE_REFERENCE
 */
export function parseReference(text: string, options: ReferenceOptions = {}): Reference {
  const name = parseName(text, options);
  return name.tag === undefined && name.digest === undefined ? { ...name, tag: defaultTag } : name;
}

/** The same without the tag `latest` for a text that has neither a tag nor a digest. */
export function parseName(text: string, options: ReferenceOptions = {}): Reference {
  if (text === "") throw malformed(text, "it is empty");
  if (text.length > maxLength) throw malformed(`${text.slice(0, 60)}...`, "it is too long");
  if (bareDigestPattern.test(text)) {
    throw malformed(text, "64 hexadecimal digits are an image ID, not a name");
  }
  const { name, tag, digest } = splitSuffixes(text);
  const { domain, path } = splitDomain(name, options.embedded ?? []);
  if (domain !== "" && !isDomain(domain)) throw malformed(text, `"${domain}" is not a registry's host`);
  if (path !== path.toLowerCase()) throw malformed(text, `repository name (${path}) must be lowercase`);
  if (!pathPattern.test(path)) throw malformed(text, `"${path}" is not a repository name`);
  if (path.length > maxPathLength) {
    throw malformed(text, `the repository name is longer than ${maxPathLength} characters`);
  }
  if (tag !== undefined && !tagPattern.test(tag)) throw malformed(text, `"${tag}" is not a tag`);
  if (digest !== undefined && !isDigest(digest)) throw malformed(text, `"${digest}" is not a digest`);
  return { domain, path, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/**
 * The name that somebody gives to an image, with a tag. Digests are not given: they say what an image is.
 * @throws IMAGE_REFERENCE
 */
export function parseTag(text: string, options: ReferenceOptions = {}): Reference {
  const name = parseReference(text, options);
  if (name.digest !== undefined) throw malformed(text, "a name that is given to an image has no digest");
  if (name.path === "library/sha256") throw malformed(text, "it is not to be told from a digest");
  return name;
}

/** Whether a text may be the registry in a reference: a host, with or without a port. */
export function isDomain(text: string): boolean {
  return text.length <= maxLength && domainPattern.test(text);
}

/** The registry and the repository: `docker.io/library/debian`. */
export function repositoryOf(reference: Reference): string {
  return reference.domain === "" ? reference.path : `${reference.domain}/${reference.path}`;
}

/** The whole reference: `docker.io/library/debian:latest`. Two references are equal when these texts are. */
export function formatReference(reference: Reference): string {
  return repositoryOf(reference) + suffixOf(reference);
}

/** The repository in the short form that people use: `debian`. */
export function familiarRepository(reference: Reference): string {
  const { domain, path } = reference;
  if (domain !== defaultDomain) return repositoryOf(reference);
  const rest = path.startsWith(officialPrefix) ? path.slice(officialPrefix.length) : path;
  return rest.includes("/") ? path : rest;
}

/** The reference in the short form that people use: `debian:latest`. */
export function familiarReference(reference: Reference): string {
  return familiarRepository(reference) + suffixOf(reference);
}

/** The image of the same repository with exactly this digest. */
export function withDigest({ domain, path }: Reference, digest: Digest): Reference {
  return { domain, path, digest };
}

/** What decides in a reference with a tag and a digest: the latter. */
export function withoutTagBesideDigest(reference: Reference): Reference {
  return reference.digest === undefined ? reference : withDigest(reference, reference.digest);
}

function suffixOf({ tag, digest }: Reference): string {
  return (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
}

/** Cuts off `@digest`, then `:tag`: a colon after the last slash, or `host:port` would be one. */
function splitSuffixes(text: string): { name: string; tag?: string; digest?: string } {
  const at = text.indexOf("@");
  const rest = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? {} : { digest: text.slice(at + 1) };
  const colon = rest.indexOf(":", rest.lastIndexOf("/") + 1);
  if (colon < 0) return { name: rest, ...digest };
  return { name: rest.slice(0, colon), tag: rest.slice(colon + 1), ...digest };
}

/** The first component is a registry when it has a dot, a colon or an upper-case letter, or is `localhost`. */
function splitDomain(name: string, embedded: readonly string[]): { domain: string; path: string } {
  if (embedded.includes(name)) return { domain: "", path: name };
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const rest = name.slice(slash + 1);
  const isDomain = first === "localhost" || /[.:]/.test(first) || first !== first.toLowerCase();
  const [domain, path] = isDomain ? [first, rest] : [defaultDomain, name];
  if (domain !== defaultDomain && domain !== legacyDomain) return { domain, path };
  return { domain: defaultDomain, path: path.includes("/") ? path : officialPrefix + path };
}

function malformed(text: string, reason: string) {
  return imageError("REFERENCE", `cannot use image reference ${JSON.stringify(text)}: ${reason}`, {
    hint: "write it as [registry/]repository[:tag][@digest], such as debian:bookworm",
    details: { reference: text },
  });
}
