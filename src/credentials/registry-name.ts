/** The registry that names without a registry belong to. */
const hub = "docker.io";
/** Docker's tools keep the Hub's credentials under this name. */
const hubKey = "https://index.docker.io/v1/";
const hubHosts = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/**
 * The name that a registry has in references, from whatever people and files write: `docker.io` for
 * `https://index.docker.io/v1/`, `example.com:5000` for `http://example.com:5000/v2/`.
 */
export function registryName(text: string): string {
  const host = text
    .trim()
    .replace(/^https?:\/\//i, "")
    .replace(/\/.*$/, "");
  return host === "" || hubHosts.includes(host.toLowerCase()) ? hub : host;
}

/** The key of a registry in files and helpers, as Docker's tools write it. */
export function keyOfRegistry(registry: string): string {
  return registry === hub ? hubKey : registry;
}

/**
 * What an entry of a file is about: a registry, or with containers' tools a part of one (`quay.io/team`). Old entries are
 * addresses, whose path means nothing.
 */
export function nameOfKey(key: string): string {
  const bare = key.replace(/^https?:\/\//, "");
  if (bare !== key || /^[^/]+\/v[12]\/?$/.test(bare)) return registryName(bare);
  const [host = "", ...path] = bare.replace(/\/+$/, "").split("/");
  return [registryName(host), ...path].join("/");
}

/** A name and all that it is a part of, from the narrowest: `a.b/c/d`, `a.b/c`, `a.b`. */
export function widerNames(name: string): string[] {
  const parts = name.split("/");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("/"));
}
