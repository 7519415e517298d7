import { parse } from "yaml";
import { TugError } from "../../../../base/index.ts";
import { cliError } from "../../../errors.ts";
import { parseVersionTest } from "../../../values/semver.ts";

/** One repository of a list, and which of its tags are wanted. */
export type WantedRepository = {
  readonly registry: string;
  /** Below the registry. */
  readonly path: string;
  readonly wanted: WantedTags;
  readonly creds: string | undefined;
  readonly tlsVerify: boolean;
};

/** All tags, some tags and digests, or those that a test lets through. */
export type WantedTags =
  | { readonly kind: "all" }
  | { readonly kind: "named"; readonly names: readonly string[] }
  | { readonly kind: "fitting"; readonly fits: (tag: string) => boolean };

/**
 * Reads a list of images in the form that skopeo has for it: registries with `images`, `images-by-tag-regex`,
 * `images-by-semver`, `credentials` and `tls-verify`.
 *
 * Source: https://github.com/containers/skopeo/blob/v1.20.0/docs/skopeo-sync.1.md#yaml-file-content-used-source-for-src-yaml
 * @throws CLI_VALUE with the place in the file
 */
export function readSyncList(text: string, file: string): WantedRepository[] {
  const registries = asMap(parseYaml(text, file), file);
  return Object.entries(registries).flatMap(([registry, value]) => {
    const place = `${file}#/${registry}`;
    const members = asMap(value, place);
    const { creds, tlsVerify } = {
      creds: credsOf(members.credentials, place),
      tlsVerify: flagOf(members, place),
    };
    const common = { registry, creds, tlsVerify };
    const named = entriesOf(members.images, `${place}/images`).map(([path, tags, where]) => ({
      ...common,
      path,
      wanted: namedTags(tags, where),
    }));
    const fitting = (member: string, parseTest: (text: string) => ((tag: string) => boolean) | undefined) =>
      entriesOf(members[member], `${place}/${member}`).map(([path, test, where]) => {
        const fits = typeof test === "string" ? parseTest(test) : undefined;
        if (fits === undefined) throw malformed(where, `${JSON.stringify(test)} is no such test`);
        return { ...common, path, wanted: { kind: "fitting" as const, fits } };
      });
    return [
      ...named,
      ...fitting("images-by-tag-regex", parseRegex),
      ...fitting("images-by-semver", parseVersionTest),
    ];
  });
}

function parseYaml(text: string, file: string): unknown {
  try {
    // All scalars are texts: a tag 1.0 is no number.
    return parse(text, { maxAliasCount: 10, schema: "failsafe" });
  } catch (cause) {
    if (cause instanceof TugError) throw cause;
    throw malformed(file, cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : "it is no YAML");
  }
}

function parseRegex(text: string): ((tag: string) => boolean) | undefined {
  try {
    const pattern = new RegExp(text);
    return (tag) => pattern.test(tag);
  } catch {
    return undefined;
  }
}

function namedTags(value: unknown, place: string): WantedTags {
  const names = value === "" ? [] : value;
  const isText = (each: unknown): each is string => typeof each === "string";
  if (!Array.isArray(names) || !names.every(isText)) throw malformed(place, "it is not a list of tags");
  return names.length === 0 ? { kind: "all" } : { kind: "named", names };
}

function credsOf(value: unknown, place: string): string | undefined {
  if (value === undefined) return undefined;
  const { username, password } = asMap(value, `${place}/credentials`);
  if (typeof username === "string" && typeof password === "string") return `${username}:${password}`;
  throw malformed(`${place}/credentials`, "it has no username and password");
}

function flagOf(members: Readonly<Record<string, unknown>>, place: string): boolean {
  const value = members["tls-verify"] ?? "true";
  if (value === "true" || value === "false") return value === "true";
  throw malformed(`${place}/tls-verify`, "it is neither true nor false");
}

function entriesOf(value: unknown, place: string): [name: string, value: unknown, place: string][] {
  if (value === undefined || value === "") return [];
  return Object.entries(asMap(value, place)).map(([name, each]) => [name, each, `${place}/${name}`]);
}

function asMap(value: unknown, place: string): Readonly<Record<string, unknown>> {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isMap) return value as Readonly<Record<string, unknown>>;
  throw malformed(place, "it is not a map");
}

function malformed(place: string, reason: string) {
  return cliError("VALUE", `cannot use ${place}: ${reason}`);
}
