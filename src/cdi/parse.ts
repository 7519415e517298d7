import * as v from "valibot";
import { parse } from "yaml";
import { jsonPointer } from "../base/index.ts";
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

/** Numbers such as 0660 are octal, as in the YAML that vendors' programs write and read. */
function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text, { version: "1.1", maxAliasCount: 10, logLevel: "error", prettyErrors: true });
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : "it is no YAML";
    throw refuse(file, "", reason.replace(/:$/, ""));
  }
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
