import { resolve } from "node:path";
import { dockerApi } from "../../specs/index.ts";

const withPath = /^(oci|oci-archive|docker-archive|dir):([^:]*)(.*)$/s;

/** Whether a text says how an image is reached: `docker://debian`, `oci:layout:name`. */
export function isPlace(text: string): boolean {
  return /^docker:\/\/|^(oci|oci-archive|docker-archive|dir|docker-daemon|store):/.test(text);
}

/** A place whose path does not depend on where it is read. */
export function absolutePlace(text: string, cwd: string): string {
  const [, transport, path = "", rest = ""] = withPath.exec(text) ?? [];
  if (transport === undefined) return text;
  return transport === "dir"
    ? `dir:${resolve(cwd, path + rest)}`
    : `${transport}:${resolve(cwd, path)}${rest}`;
}

/** What credentials are looked for by, for a place in a registry. */
export function repositoryOfPlace(text: string): string | undefined {
  const [, name] = /^docker:\/\/(.+)$/s.exec(text) ?? [];
  return name === undefined ? undefined : dockerApi.splitReference(dockerApi.fullReference(name)).name;
}
