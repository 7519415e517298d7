import type { Op } from "../../plan/index.ts";
import { type ContainerStatus, OCI_RUNTIME_VERSION, type Spec } from "../../specs/oci-runtime/index.ts";
import { type SeccompFilter, seccompError, seccompFilter } from "../seccomp/index.ts";
import { hasAnnotation } from "./annotations.ts";
import type { PlanBuilder } from "./builder.ts";
import type { HookSubject } from "./hooks.ts";
import type { PlanFacts } from "./input.ts";

/** The container as an agent is told of it. */
export type FilterSubject = HookSubject & {
  readonly status: ContainerStatus;
  /** Of its first process; absent: that is the one that gets the filter. */
  readonly pid?: number;
};

export type FilterInput = {
  readonly spec: Spec;
  readonly facts: PlanFacts;
  readonly subject: FilterSubject;
};

/**
 * The filter of a configuration.
 *
 * @throws SECCOMP_UNKNOWN, SECCOMP_NOTIFY
 */
export function filterOf({ spec, facts }: Pick<FilterInput, "spec" | "facts">): SeccompFilter | undefined {
  const seccomp = spec.linux?.seccomp;
  if (seccomp === undefined) return undefined;
  const filter = seccompFilter(seccomp, facts.architecture);
  if (filter.unknown.length > 0 && hasAnnotation(spec, "run.oci.seccomp_fail_unknown_syscall")) {
    throw seccompError(
      "UNKNOWN",
      `cannot use config.json#/linux/seccomp: no system call is called ${filter.unknown[0]}`,
      { hint: "correct the name, or remove the annotation run.oci.seccomp_fail_unknown_syscall" },
    );
  }
  if (filter.notify && seccomp.listenerPath === undefined) {
    throw seccompError(
      "NOTIFY",
      "cannot use config.json#/linux/seccomp: SCMP_ACT_NOTIFY needs listenerPath",
      {
        hint: "set linux.seccomp.listenerPath to the socket of the agent that decides these calls",
        details: { pointer: "/linux/seccomp" },
      },
    );
  }
  return filter;
}

/** Loads it; an agent that it leaves calls to is connected to before anything is made. */
export function filterOps({ host, slot }: PlanBuilder, input: FilterInput): Op[] {
  const filter = filterOf(input);
  if (filter === undefined) return [];
  const op = { op: "seccomp", from: "/linux/seccomp", filter: filter.program, flags: filter.flags } as const;
  const { listenerPath, listenerMetadata } = input.spec.linux?.seccomp ?? {};
  if (!filter.notify || listenerPath === undefined) return [op];
  const listener = slot();
  host.push({ op: "connect", from: "/linux/seccomp/listenerPath", path: listenerPath, out: listener });
  return [{ ...op, listener, state: processState(input.subject, listenerMetadata) }];
}

/**
 * What an agent is sent, with a place for the pid.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#the-container-process-state
 */
function processState({ id, bundle, annotations, status, pid }: FilterSubject, metadata?: string): string {
  const ociVersion = OCI_RUNTIME_VERSION;
  const state = { ociVersion, id, status, bundle, ...(annotations && { annotations }) };
  const whole = { ociVersion, fds: ["seccompFd"], ...(metadata !== undefined && { metadata }) };
  const text = (value: object): string => JSON.stringify(value).replaceAll("%", "%%").slice(0, -1);
  return `${text(whole)},"pid":%p,"state":${text(state)},"pid":${pid ?? "%p"}}}`;
}
