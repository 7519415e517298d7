import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../../base/index.ts";
import { parseToml, type TomlTable } from "../../../specs/index.ts";
import { readConfig, tableReader, unusable } from "./config-file.ts";

/** What containers' registries.conf says about the names that begin in some way. */
export type RegistryRule = {
  /** `example.com/team`, or `*.example.com`. */
  readonly prefix: string;
  /** What stands in the place of the prefix. */
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  readonly mirrors: readonly MirrorRule[];
};

export type MirrorRule = {
  readonly location: string;
  readonly insecure: boolean;
  readonly pulls: "all" | "digest-only" | "tag-only";
};

/**
 * The rules of a registries.conf in version 2 and of the files in the directory `registries.conf.d` beside it, of which
 * later ones replace those for the same prefix.
 *
 * Source: https://github.com/containers/image/blob/v5.36.2/docs/containers-registries.conf.5.md
 * @throws IMAGE_REGISTRY_CONFIG, TOML_SYNTAX
 */
export async function readRegistriesConf(file: string): Promise<readonly RegistryRule[]> {
  const rules = new Map<string, RegistryRule>();
  for (const path of [file, ...(await dropIns(`${file}.d`))]) {
    const text = await readConfig(path);
    if (text === undefined) continue;
    const tables = tableReader(parseToml(text, path), path).tables("registry") ?? [];
    for (const [index, table] of tables.entries()) {
      const rule = ruleOf(table, `${path}#registry[${index}]`);
      rules.set(rule.prefix, rule);
    }
  }
  return [...rules.values()];
}

/** The rule for a name: that with the longest prefix; a wildcard only where nothing else fits. */
export function ruleFor(rules: readonly RegistryRule[], name: string): RegistryRule | undefined {
  const fitting = rules.filter(({ prefix }) => fits(prefix, name));
  const rank = ({ prefix }: RegistryRule) => (prefix.startsWith("*.") ? 0 : 1024) + prefix.length;
  return fitting.toSorted((a, b) => rank(b) - rank(a))[0];
}

/** A name with another beginning. */
export function relocate(name: string, prefix: string, location: string): string {
  if (location === "") return name;
  const rest = prefix.startsWith("*.") ? name.slice(name.indexOf("/")) : name.slice(prefix.length);
  return location + rest;
}

function fits(prefix: string, name: string): boolean {
  const [host = ""] = name.split("/");
  if (prefix.startsWith("*.")) return host.endsWith(prefix.slice(1));
  return name === prefix || name.startsWith(`${prefix}/`);
}

function ruleOf(table: TomlTable, place: string): RegistryRule {
  const reader = tableReader(table, place);
  const location = locationOf(reader.text("location") ?? "", place);
  const prefix = locationOf(reader.text("prefix") ?? location, place);
  if (prefix === "") throw unusable(place, "it has neither a prefix nor a location");
  const digestsOnly = reader.flag("mirror-by-digest-only") === true;
  const mirrors = (reader.tables("mirror") ?? []).map((mirror, index) =>
    mirrorOf(mirror, { place: `${place}.mirror[${index}]`, digestsOnly }),
  );
  return {
    prefix,
    location,
    insecure: reader.flag("insecure") === true,
    blocked: reader.flag("blocked") === true,
    mirrors,
  };
}

function mirrorOf(
  table: TomlTable,
  { place, digestsOnly }: { place: string; digestsOnly: boolean },
): MirrorRule {
  const reader = tableReader(table, place);
  const location = locationOf(reader.text("location") ?? "", place);
  if (location === "") throw unusable(place, "it has no location");
  const pulls = reader.text("pull-from-mirror") ?? (digestsOnly ? "digest-only" : "all");
  if (pulls !== "all" && pulls !== "digest-only" && pulls !== "tag-only") {
    throw unusable(place, "pull-from-mirror is none of all, digest-only, tag-only");
  }
  return { location, insecure: reader.flag("insecure") === true, pulls };
}

function locationOf(text: string, place: string): string {
  const location = text.replace(/\/+$/, "");
  if (/^[a-z]+:\/\//i.test(location)) throw unusable(place, `${text} has a scheme; write host[:port][/path]`);
  return location;
}

async function dropIns(directory: string): Promise<string[]> {
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith(".conf"));
    return names.toSorted().map((name) => join(directory, name));
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return [];
    throw error;
  }
}
