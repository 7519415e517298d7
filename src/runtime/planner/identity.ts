import type { Op } from "../../plan/index.ts";
import type { Process } from "../../specs/oci-runtime/index.ts";
import { allCapabilities, type GrantedCapabilities, grantCapabilities } from "../capabilities.ts";
import { hasAnnotation } from "./annotations.ts";
import type { PlanBuilder } from "./builder.ts";
import { type FilterInput, filterOf, filterOps } from "./filter.ts";
import { schedulerOps } from "./scheduling.ts";

export type IdentityInput = FilterInput & {
  readonly process: Process;
  /** JSON pointer of the process: `/process`, or the name of another document. */
  readonly from: string;
  /** Name of the session keyring; absent: keep the caller's. */
  readonly keyring?: string | undefined;
};

/**
 * Becoming the user, the same for create and exec. Without no_new_privs the filter is loaded while the capabilities
 * that allow it are there; with it the filter comes last, after start (see `lateFilter`). One that leaves calls to an
 * agent is always loaded here, because `create` fails where the agent cannot be told.
 */
export function planIdentity(builder: PlanBuilder, input: IdentityInput): void {
  const { process, spec, from } = input;
  const { init } = builder;
  const label = processLabel(input);
  if (input.keyring !== undefined) {
    // A kernel without keys, or a caller whose filter forbids them, is no reason not to run.
    init.push({
      op: "keyring",
      name: input.keyring,
      ignore: ["ENOSYS", "EPERM"],
      ...(label === undefined ? { from: "session keyring" } : { from: `${from}/selinuxLabel`, label }),
    });
  }
  const domain = spec.linux?.personality?.domain;
  if (domain !== undefined) {
    init.push({ op: "personality", from: "/linux/personality", persona: domain === "LINUX32" ? 0x0008 : 0 });
  }
  init.push({ op: "umask", from: `${from}/user/umask`, mask: process.user.umask ?? 0o022 });
  pushLabels(input, init);
  const { masks } = capabilitiesOf(input);
  init.push(...schedulerOps(process, from));
  init.push({ op: "boundingSet", from: `${from}/capabilities/bounding`, mask: masks.bounding });
  if (process.noNewPrivileges === true) init.push({ op: "noNewPrivileges", from: `${from}/noNewPrivileges` });
  if (!environmentValue(process.env, "HOME"))
    init.push({ op: "homeVariable", from: `${from}/user/uid`, uid: process.user.uid });
  init.push({ op: "workDirectory", from: `${from}/cwd`, path: process.cwd, optional: 1 });
  init.push({
    op: "idSwitch",
    from: `${from}/user`,
    uid: process.user.uid,
    gid: process.user.gid,
    groups: process.user.additionalGids ?? [],
    ...(hasAnnotation(spec, "run.oci.keep_original_groups") && { keepGroups: 1 }),
  });
  if (!isLate(input)) init.push(...filterOps(builder, input));
  const { effective, permitted, inheritable, ambient } = masks;
  init.push({ op: "capabilities", from: `${from}/capabilities`, effective, permitted, inheritable, ambient });
  init.push({ op: "workDirectory", from: `${from}/cwd`, path: process.cwd });
  init.push({
    op: "findProgram",
    from: `${from}/args/0`,
    program: process.args[0] ?? "",
    path: environmentValue(process.env, "PATH") ?? "",
  });
}

/** The filter of a process with no_new_privs: after start, before the first program of the image runs. */
export function lateFilter(builder: PlanBuilder, input: IdentityInput): Op[] {
  return isLate(input) ? filterOps(builder, input) : [];
}

function isLate(input: IdentityInput): boolean {
  return input.process.noNewPrivileges === true && filterOf(input)?.notify !== true;
}

/** The last op of an init list. */
export function execOp({ process, from }: IdentityInput, preserveFds: number): Op {
  const env = lastOfEachName(process.env ?? []).filter((entry) => entry !== "HOME=");
  return { op: "exec", from: `${from}/args`, args: process.args, env, keep: preserveFds };
}

/** Programs take the first of several variables of a name, but the last is what was asked for, as in runc. */
function lastOfEachName(env: readonly string[]): string[] {
  return [...new Map(env.map((entry) => [entry.replace(/=.*/s, ""), entry])).values()];
}

/** The value of a variable; the last one of its name counts. */
export function environmentValue(env: readonly string[] | undefined, name: string): string | undefined {
  return env?.findLast((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

/**
 * The capabilities of a process, and those that it asks for in vain. In a user namespace of its own the first process
 * has every capability; elsewhere the caller's are the limit.
 */
export function capabilitiesOf({
  process,
  spec,
  facts,
}: Pick<IdentityInput, "process" | "spec" | "facts">): GrantedCapabilities {
  const owned = spec.linux?.namespaces?.some(({ type }) => type === "user") ?? false;
  return grantCapabilities(process.capabilities ?? {}, owned ? allCapabilities : facts.boundingCapabilities);
}

/** The SELinux label of the program; undefined where there is none, or no SELinux: then it means nothing, as in runc. */
function processLabel({ process, facts }: IdentityInput): string | undefined {
  return facts.security.selinux ? process.selinuxLabel || undefined : undefined;
}

function pushLabels(input: IdentityInput, init: Op[]): void {
  const { process, from } = input;
  const label = processLabel(input);
  if (process.apparmorProfile) {
    init.push({
      op: "execLabel",
      from: `${from}/apparmorProfile`,
      module: "apparmor",
      label: process.apparmorProfile,
    });
  }
  if (label !== undefined)
    init.push({ op: "execLabel", from: `${from}/selinuxLabel`, module: "selinux", label });
}
