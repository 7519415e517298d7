import { type LinuxSeccomp, parseJson, parseSeccomp } from "../../specs/oci-runtime/index.ts";
import { engineError } from "../errors.ts";

/** What the conditions of a profile are held against. */
export type ProfileTarget = {
  readonly capabilities: readonly string[];
  readonly machine: "x86_64" | "aarch64";
  readonly kernel: readonly [major: number, minor: number];
};

type Condition = { caps?: unknown; arches?: unknown; minKernel?: unknown };

const DOCUMENT = "seccomp profile";

/** Names of the machines in `arches` conditions, which are Go's. */
const goNames = { x86_64: "amd64", aarch64: "arm64" } as const;
const seccompNames = { x86_64: "SCMP_ARCH_X86_64", aarch64: "SCMP_ARCH_AARCH64" } as const;

/**
 * Reads a profile in Docker's form, which is that of the runtime specification plus `archMap` and, for each rule,
 * `includes` and `excludes`: lists of capabilities, machines and the least kernel.
 *
 * Source: https://docs.docker.com/engine/security/seccomp/ and
 * https://github.com/moby/profiles/blob/seccomp/v0.2.3/seccomp/seccomp.go
 */
export function parseSeccompProfile(json: string, target: ProfileTarget): LinuxSeccomp | undefined {
  const document = asObject(parseJson(json, DOCUMENT), "");
  const { archMap, syscalls, architectures, ...rest } = document;
  const rules = asList(syscalls ?? [], "/syscalls").map((rule, index) =>
    asObject(rule, `/syscalls/${index}`),
  );
  return parseSeccomp(
    {
      ...rest,
      architectures: architectures ?? mappedArchitectures(archMap, target),
      syscalls: rules.filter((rule) => applies(rule, target)).map(specRule),
    },
    DOCUMENT,
  );
}

/** The machine's architecture and the ones that it runs as well. */
function mappedArchitectures(archMap: unknown, { machine }: ProfileTarget): unknown {
  if (archMap === undefined) return undefined;
  const entries = asList(archMap, "/archMap").map((entry, index) => asObject(entry, `/archMap/${index}`));
  const own = entries.find(({ architecture }) => architecture === seccompNames[machine]);
  if (own === undefined) return undefined;
  return [own.architecture, ...asList(own.subArchitectures ?? [], "/archMap/subArchitectures")];
}

function applies(rule: Record<string, unknown>, target: ProfileTarget): boolean {
  const includes = (rule.includes ?? {}) as Condition;
  const excludes = (rule.excludes ?? {}) as Condition;
  const machine = goNames[target.machine];
  const has = (list: unknown, test: (name: unknown) => boolean): boolean =>
    Array.isArray(list) && list.some(test);
  const owned = (name: unknown): boolean => target.capabilities.includes(String(name));
  if (has(excludes.arches, (name) => name === machine) || has(excludes.caps, owned)) return false;
  if (excludes.minKernel !== undefined && atLeast(target.kernel, String(excludes.minKernel))) return false;
  if (has(includes.arches, () => true) && !has(includes.arches, (name) => name === machine)) return false;
  if (has(includes.caps, (name) => !owned(name))) return false;
  return includes.minKernel === undefined || atLeast(target.kernel, String(includes.minKernel));
}

/** A rule as the specification has it; `name` is an old form of `names`. */
function specRule({ name, names, action, errnoRet, args }: Record<string, unknown>): unknown {
  return {
    names: names ?? (name === undefined ? undefined : [name]),
    action,
    errnoRet,
    args: args ?? undefined,
  };
}

function atLeast([major, minor]: ProfileTarget["kernel"], version: string): boolean {
  const [wantedMajor = 0, wantedMinor = 0] = version.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function asObject(value: unknown, pointer: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw engineError("SECCOMP", `cannot read ${DOCUMENT}#${pointer}: it must be an object`);
}

function asList(value: unknown, pointer: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw engineError("SECCOMP", `cannot read ${DOCUMENT}#${pointer}: it must be a list`);
}
