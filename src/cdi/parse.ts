import * as v from "valibot";
import { type Document, isScalar, parseDocument, visit } from "yaml";
import { jsonPointer, TugError } from "../base/index.ts";
import { cdiError } from "./errors.ts";
import { type CdiSpec, specSchema } from "./schema.ts";
import { leastVersion, versions } from "./versions.ts";

/**
 * Reads a file that describes devices, JSON or YAML, of which JSON is a part.
 *
 * @param file its path, for the error
 * @throws CDI_SPEC with the pointer of the place
 */
export function parseCdiSpec(text: string, file: string): CdiSpec {
  const result = v.safeParse(specSchema, parseYaml(text, file), { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    const path = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
    throw refuse(file, jsonPointer(path), reasonOf(issue));
  }
  checkNames(result.output, file);
  checkVersion(result.output, file);
  return result.output;
}

/** Aliases that a file may have: the library looks for each through all of it. Vendors' programs write none. */
const MOST_ALIASES = 100;

/** Numbers such as 0660 are octal, as in the YAML that vendors' programs write and read. */
function parseYaml(text: string, file: string): unknown {
  try {
    // The library compares each key with all others of its map, which takes a large file hours.
    const document = parseDocument(text, { version: "1.1", uniqueKeys: false, prettyErrors: true });
    const [error] = document.errors;
    if (error !== undefined) throw error;
    checkNodes(document, file);
    return document.toJS({ maxAliasCount: 10 });
  } catch (cause) {
    if (cause instanceof TugError) throw cause;
    const reason = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : "it is no YAML";
    throw refuse(file, "", reason.replace(/:$/, ""));
  }
}

/** Refuses what is there twice, of which only the last would count, and too many aliases. */
function checkNodes(document: Document, file: string): void {
  let aliases = 0;
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        const name = String(isScalar(key) ? key.value : key);
        if (seen.has(name))
          throw refuse(file, "", `the key ${JSON.stringify(name.slice(0, 60))} is there twice in one map`);
        seen.add(name);
      }
    },
    Alias() {
      aliases += 1;
      if (aliases > MOST_ALIASES) throw refuse(file, "", `it has more than ${MOST_ALIASES} aliases`);
    },
  });
}

function checkNames({ devices }: CdiSpec, file: string): void {
  const seen = new Map<string, number>();
  for (const [index, { name }] of devices.entries()) {
    const first = seen.get(name);
    if (first !== undefined) {
      throw refuse(file, `/devices/${index}/name`, `${name} is already given at /devices/${first}`);
    }
    seen.set(name, index);
  }
}

/** A file may use only what its version has. */
function checkVersion(spec: CdiSpec, file: string): void {
  const own = versions.indexOf(spec.cdiVersion);
  if (own < 0) {
    const known = `${versions[0]} to ${versions.at(-1)}`;
    throw refuse(
      file,
      "/cdiVersion",
      `${JSON.stringify(spec.cdiVersion.slice(0, 60))} is not one of ${known}`,
    );
  }
  const { version, because } = leastVersion(spec);
  if (own < versions.indexOf(version)) {
    throw refuse(file, "/cdiVersion", `it must be at least ${version}, which brought ${because}`);
  }
}

/** The library's message tells expected and found; the text of a hostile value is cut. */
function reasonOf(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === "never") return "no such member is known";
  if (issue.expected === null || issue.kind === "validation") return issue.message.slice(0, 120);
  if (issue.received === "undefined") return "it is missing";
  return `expected ${issue.expected}, found ${issue.received.slice(0, 60)}`;
}

function refuse(file: string, pointer: string, reason: string): Error {
  return cdiError("SPEC", `cannot use ${file}#${pointer}: ${reason}`, {
    hint: "have the device's vendor write the file anew, or remove it",
    details: { file, pointer },
  });
}
