import { isDangling } from "../image-table.ts";
import { familiarReference, parseName } from "../reference.ts";

/** The name of a row as people write it; of an image without a name its id. */
export function familiar(name: string): string {
  return isDangling(name) ? name.slice(1) : familiarReference(parseName(name));
}

/** Names as people write them: those with a tag, and only where there are none those with a digest. */
export function familiarNames(names: Iterable<string>): string[] {
  const all = [...names].map(familiar).sort();
  const tagged = all.filter((name) => !name.includes("@") && !name.startsWith("sha256:"));
  return tagged.length > 0 ? tagged : all;
}

/** `debian:12`, `debian:12 and 2 other images`. */
export function inWords(names: readonly string[]): string {
  const [first = "an image", ...others] = names;
  if (others.length === 0) return first;
  return `${first} and ${others.length === 1 ? "another image" : `${others.length} other images`}`;
}
