import { cliError } from "../errors.ts";
import { badValue } from "./words.ts";

/** Finds the value of a variable in the caller's environment. */
export type Lookup = (name: string) => string | undefined;

/** `NAME=value`, or `NAME` to take over the caller's value. @throws CLI_VALUE */
export function readVariable(text: string): string {
  if (text === "" || text.startsWith("=")) throw badValue("it has no name");
  return text;
}

/** `KEY=value` or `KEY`. @throws CLI_VALUE */
export function readLabel(text: string): string {
  const [key = ""] = text.split("=");
  if (key === "") throw badValue("it has no name");
  if (/\s/.test(key)) throw badValue(`its name "${key}" contains whitespace`);
  return text;
}

/** `NAME=value` with both parts, as one entry of a map. @throws CLI_VALUE */
export function readPair(text: string): readonly [string, string] {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw badValue("it must look like NAME=value");
  return [key, value];
}

/** `NAME` alone becomes `NAME=value` if the caller has that variable, and stays as it is if not. */
export function completeVariable(variable: string, lookup: Lookup): string {
  if (variable.includes("=")) return variable;
  const value = lookup(variable);
  return value === undefined ? variable : `${variable}=${value}`;
}

/**
 * The entries of a file of variables or labels: one a line, blank lines and lines that begin with # are skipped, values
 * are taken as they stand. Source: https://docs.docker.com/reference/cli/docker/container/run/#env
 *
 * @param lookup for lines with a name only, which are left out if it has no value; undefined keeps them
 * @throws CLI_FILE with file and line
 */
export function parseKeyValueFile(name: string, bytes: Uint8Array, lookup: Lookup | undefined): string[] {
  const entries: string[] = [];
  for (const [index, raw] of decode(name, bytes).split("\n").entries()) {
    const line = raw.replace(/\r$/, "").trimStart();
    if (line === "" || line.startsWith("#")) continue;
    const [key = ""] = line.split("=");
    const place = `cannot read ${name}: line ${index + 1}`;
    if (key === "") throw cliError("FILE", `${place} has no name before the "="`);
    if (/[ \t]/.test(key)) throw cliError("FILE", `${place}: the name "${key}" contains whitespace`);
    if (line.includes("=")) entries.push(line);
    else if (lookup === undefined) entries.push(key);
    else if (lookup(key) !== undefined) entries.push(`${key}=${lookup(key)}`);
  }
  return entries;
}

/** A map of `KEY=value` entries; later ones win, a key alone has an empty value. */
export function toMap(entries: readonly string[]): Record<string, string> {
  const pairs = entries.map((entry): [string, string] => {
    const [key = "", value = ""] = entry.split(/=(.*)/s);
    return [key, value];
  });
  return Object.fromEntries(pairs);
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw cliError("FILE", `cannot read ${name}: it is not UTF-8 text`, { cause });
  }
}
