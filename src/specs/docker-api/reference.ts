/**
 * A reference with everything written out that may be left out: `docker.io/library/debian:latest` for `debian`. Does not
 * check anything; what is no reference comes out changed in some way or not at all.
 * Source: https://docs.docker.com/reference/cli/docker/image/tag/#description
 */
export function fullReference(reference: string): string {
  const { name, suffix } = splitReference(reference);
  const [first = ""] = name.split("/");
  const hasHost = name.includes("/") && (/[.:]/.test(first) || first === "localhost");
  const withHost = hasHost ? name : `docker.io/${name.includes("/") ? name : `library/${name}`}`;
  return `${withHost}${suffix === "" ? ":latest" : suffix}`;
}

/** A reference in the form that people read, with its tag: `debian:latest` for `debian`. */
export function taggedReference(reference: string): string {
  return fullReference(reference).replace(/^docker\.io\/(library\/)?/, "");
}

/** The repository of a reference, and what follows: `:TAG`, `@DIGEST`, both or nothing. */
export function splitReference(reference: string): { name: string; suffix: string } {
  const [, name = reference, suffix = ""] = /^(.+?)((?::[^:/@]+)?(?:@.*)?)$/.exec(reference) ?? [];
  return { name, suffix };
}
