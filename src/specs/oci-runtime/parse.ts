import { OCI_RUNTIME_VERSION } from "./constants.ts";
import { parseJson } from "./json.ts";
import { idMappings, readLinux } from "./parse-linux.ts";
import { readProcess } from "./parse-process.ts";
import { readResources } from "./parse-resources.ts";
import { readSeccomp } from "./parse-seccomp.ts";
import {
  type At,
  below,
  list,
  map,
  object,
  optional,
  type Reader,
  refine,
  refuse,
  required,
  type SpecWarning,
} from "./read.ts";
import { checkSpec } from "./rules.ts";
import { absolutePath, boolean, filledText, integer, text, textOrNothing, texts } from "./scalars.ts";
import type { Hook, Hooks, Mount, Process, Root, Spec } from "./types.ts";
import type { LinuxResources } from "./types-resources.ts";
import type { LinuxSeccomp } from "./types-seccomp.ts";

/** What a document says, and what in it is accepted but should be told to the user. */
export type ParsedSpec<T> = { value: T; warnings: readonly SpecWarning[] };

/**
 * Reads a container's configuration. What the specification tells runtimes to ignore, unknown members above all, is
 * ignored; what it tells them to refuse, and what could only fail later in the kernel, is refused.
 *
 * @param document name for messages
 * @throws OCI_JSON; OCI_CONFIG with the place of the first wrong value: `config.json#/mounts/3/options/0`
 */
export function parseSpec(data: Uint8Array | string, document = "config.json"): ParsedSpec<Spec> {
  return parse(readSpec, data, document);
}

/** The same for a configuration that is in memory already; members that are undefined are absent. */
export function parseSpecValue(value: unknown, document = "config.json"): ParsedSpec<Spec> {
  return readWhole(readSpec, value, document);
}

/** Reads a process object, the file that `exec --process` names. Errors as parseSpec. */
export function parseProcess(data: Uint8Array | string, document = "process.json"): ParsedSpec<Process> {
  return parse(readProcess, data, document);
}

/** Reads a resources object, the file that `update --resources` names. Errors as parseSpec. */
export function parseResources(
  data: Uint8Array | string,
  document = "resources.json",
): ParsedSpec<LinuxResources> {
  return parse(readResources, data, document);
}

/** Reads a filter that is already JSON, such as the outcome of a profile. Undefined where it says nothing. */
export function parseSeccomp(value: unknown, document: string): LinuxSeccomp | undefined {
  return readSeccomp(value, { document, pointer: "", warnings: [] });
}

function parse<T>(read: Reader<T>, data: Uint8Array | string, document: string): ParsedSpec<T> {
  return readWhole(read, parseJson(data, document), document);
}

function readWhole<T>(read: Reader<T>, value: unknown, document: string): ParsedSpec<T> {
  const at: At = { document, pointer: "", warnings: [] };
  return { value: read(value, at), warnings: at.warnings };
}

/** Source: https://semver.org/spec/v2.0.0.html */
const semver = /^(\d+)\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

/** Versions 0.x are read too: bundles of before 1.0 exist, and runc and crun run them. */
const version: Reader<string> = refine(text, (value, at) => {
  const major = semver.exec(value)?.[1];
  if (major === undefined) {
    throw refuse(at, `${JSON.stringify(value)} is no version`, `write it as ${OCI_RUNTIME_VERSION}`);
  }
  if (Number(major) > 1) {
    throw refuse(
      at,
      `version ${value} is newer than ${OCI_RUNTIME_VERSION}`,
      "use a configuration of version 1",
    );
  }
  return value;
});

/** A host name is kept in 64 bytes. Source: include/uapi/linux/utsname.h __NEW_UTS_LEN */
const hostName = refine(textOrNothing, (value, at) => {
  if (value === undefined || Buffer.byteLength(value) <= 64) return value;
  throw refuse(at, "it is longer than 64 bytes", "shorten it");
});

const destination: Reader<string> = refine(filledText, (value, at) => {
  if (value.startsWith("/")) return value;
  at.warnings.push({
    pointer: at.pointer,
    message: `relative mount destination ${JSON.stringify(value)} is taken as relative to /; this is deprecated`,
  });
  return `/${value}`;
});

const mount: Reader<Mount> = refine(
  object<Mount>({
    destination: required(destination),
    type: optional(textOrNothing),
    source: optional(textOrNothing),
    options: optional(texts),
    uidMappings: optional(idMappings),
    gidMappings: optional(idMappings),
  }),
  (value, at) => {
    const [missing, given] =
      value.gidMappings === undefined ? ["gidMappings", "uidMappings"] : ["uidMappings", "gidMappings"];
    if ((value.uidMappings === undefined) === (value.gidMappings === undefined)) return value;
    throw refuse(below(at, missing), `it is missing beside ${given}`, "give both or neither");
  },
);

const hook: Reader<Hook> = object<Hook>({
  path: required(absolutePath),
  args: optional(texts),
  env: optional(texts),
  timeout: optional(integer(1, 0x7fffffff)),
});

const hooks: Reader<Hooks> = object<Hooks>({
  prestart: optional(list(hook)),
  createRuntime: optional(list(hook)),
  createContainer: optional(list(hook)),
  startContainer: optional(list(hook)),
  poststart: optional(list(hook)),
  poststop: optional(list(hook)),
});

const annotations = map(text, (key, at) => {
  if (key === "") throw refuse(at, "its key is empty", "name the annotation or remove it");
});

const readSpec: Reader<Spec> = refine(
  object<Spec>({
    ociVersion: required(version),
    root: required(object<Root>({ path: required(filledText), readonly: optional(boolean) })),
    process: required(readProcess),
    hostname: optional(hostName),
    domainname: optional(hostName),
    mounts: optional(list(mount)),
    hooks: optional(hooks),
    annotations: optional(annotations),
    linux: optional(readLinux),
  }),
  checkSpec,
);
