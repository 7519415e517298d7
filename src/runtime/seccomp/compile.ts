import type { LinuxSeccomp } from "../../specs/oci-runtime/index.ts";
import { actionValue, BAD_ARCHITECTURE, filterFlags, hidesNewCalls, NO_SUCH_CALL } from "./actions.ts";
import { type Architecture, architecturesOf, type Machine } from "./architectures.ts";
import { verdictNode } from "./arguments.ts";
import { assemble } from "./assemble.ts";
import { seccompError } from "./errors.ts";
import { type Node, type NodeFactory, nodeFactory, type Stretch, search } from "./nodes.ts";
import { resolveRules } from "./rules.ts";
import { multiplexedCalls, syscallNumbers } from "./syscalls.ts";

/** A compiled filter. */
export type SeccompFilter = {
  /** Classic BPF, 8 bytes an instruction, at most 4096 of them. */
  readonly program: Uint8Array;
  /** SECCOMP_FILTER_FLAG_ bits for seccomp(2). */
  readonly flags: number;
  /** seccomp(2) returns a descriptor that has to go to `listenerPath`. */
  readonly notify: boolean;
  /** Names in the profile that none of the filter's architectures knows; they were skipped, as runc and crun do. */
  readonly unknown: readonly string[];
};

/** Bit 30 of a number marks a call of x32. Source: arch/x86/include/uapi/asm/unistd.h */
const X32_BIT = 0x40000000;

/** Arm's own calls lie above all others. Source: arch/arm/include/uapi/asm/unistd.h __ARM_NR_BASE */
const ARM_PRIVATE = 0x0f0000;

/** What a tracer writes as number to skip a call; filters see it since Linux 4.8. */
const SKIPPED = 0xffffffff;

/**
 * Compiles a profile without libseccomp, with the meaning that it has under runc (see resolveRules), and with runc's
 * guard for calls that are newer than the profile: numbers above the highest that it names say ENOSYS, unless the
 * default action lets them through.
 *
 * The program tells architectures apart, then finds the number by binary search among stretches of numbers with the
 * same outcome: about eight comparisons for any call.
 *
 * @throws SECCOMP_CONFLICT, SECCOMP_NOTIFY, SECCOMP_TOO_LONG, each with its place in config.json
 */
export function compileSeccomp(profile: LinuxSeccomp, machine: Machine): SeccompFilter {
  const notify = checkNotify(profile);
  const architectures = architecturesOf(machine, profile.architectures ?? []);
  const factory = nodeFactory();
  const context = { profile, factory };
  let start = factory.end(BAD_ARCHITECTURE);
  for (const [audit, group] of [...groupByAudit(architectures)].reverse()) {
    const numbers = search(factory, [
      ...group.flatMap((each) => stretchesOf(each, context)),
      ...guard(group, context),
    ]);
    start = factory.jump("equal", audit, { yes: factory.load(0, numbers), no: start });
  }
  return {
    program: assemble(factory.load(4, start)),
    flags: flagsOf(profile, notify),
    notify,
    unknown: unknownNames(profile, architectures),
  };
}

/** Architectures by their value in seccomp_data.arch, the machine's own first. */
function groupByAudit(architectures: readonly Architecture[]): Map<number, Architecture[]> {
  const groups = new Map<number, Architecture[]>();
  for (const each of architectures) groups.set(each.audit, [...(groups.get(each.audit) ?? []), each]);
  return groups;
}

type Context = { readonly profile: LinuxSeccomp; readonly factory: NodeFactory };

/** The outcome of every number of an architecture, in ascending order. */
function stretchesOf(architecture: Architecture, { profile, factory }: Context): Stretch[] {
  const otherwise = factory.end(actionValue(profile.defaultAction, profile.defaultErrnoRet));
  const { verdicts, named } = resolveRules(profile, architecture);
  const base = architecture.column === "x32" ? X32_BIT : 0;
  const outcomes = [...verdicts]
    .sort(([a], [b]) => a - b)
    .map(([number, verdict]) => {
      const node = verdictNode(verdict, { factory, wide: architecture.wide, otherwise });
      return { from: base + number, node };
    });
  const highest = Math.max(-1, ...[...named].filter((number) => number < ARM_PRIVATE));
  const hides = highest >= 0 && hidesNewCalls(profile.defaultAction);
  const ordinary = between(
    outcomes.filter(({ from }) => from < base + ARM_PRIVATE),
    base,
    otherwise,
  );
  const stretches = [
    ...ordinary,
    ...(hides ? [{ from: base + highest + 1, node: factory.end(NO_SUCH_CALL) }] : []),
  ];
  if (architecture.column !== "arm") return stretches;
  return [
    ...stretches,
    ...between(
      outcomes.filter(({ from }) => from >= ARM_PRIVATE),
      ARM_PRIVATE,
      otherwise,
    ),
  ];
}

/** Single numbers, and what lies around them from a first number on. */
function between(outcomes: readonly Stretch[], first: number, otherwise: Node): Stretch[] {
  return [
    { from: first, node: otherwise },
    ...outcomes.flatMap((each) => [each, { from: each.from + 1, node: otherwise }]),
  ];
}

/** Without x32 in the profile its numbers are those of an architecture that is not listed, but for the skipped call. */
function guard(group: readonly Architecture[], { profile, factory }: Context): Stretch[] {
  if (group[0]?.column !== "x86_64" || group.some(({ column }) => column === "x32")) return [];
  return [
    { from: X32_BIT, node: factory.end(BAD_ARCHITECTURE) },
    { from: SKIPPED, node: factory.end(actionValue(profile.defaultAction, profile.defaultErrnoRet)) },
  ];
}

/**
 * Whether the filter notifies. The write by which init reports over a pipe comes after the filter is loaded and must
 * not wait for an agent that has not got its descriptor yet; runc refuses the same two cases.
 */
function checkNotify(profile: LinuxSeccomp): boolean {
  const hint = "choose another action there";
  if (profile.defaultAction === "SCMP_ACT_NOTIFY") {
    throw notifyError("/linux/seccomp/defaultAction", "SCMP_ACT_NOTIFY cannot be the default action", hint);
  }
  const notifying = [...(profile.syscalls ?? []).entries()].filter(
    ([, { action }]) => action === "SCMP_ACT_NOTIFY",
  );
  const wrong = notifying.find(([, { names }]) => names.includes("write"));
  if (wrong !== undefined) {
    throw notifyError(
      `/linux/seccomp/syscalls/${wrong[0]}`,
      "SCMP_ACT_NOTIFY cannot be used for write",
      hint,
    );
  }
  return notifying.length > 0;
}

function notifyError(pointer: string, reason: string, hint: string) {
  return seccompError("NOTIFY", `cannot use config.json#${pointer}: ${reason}`, {
    hint,
    details: { pointer },
  });
}

/**
 * Without a list of flags SPEC_ALLOW is set, as runc and crun do. TSYNC is left out, as runc does: the process that
 * loads the filter has one thread. The kernel takes WAIT_KILLABLE_RECV only together with a listener.
 */
function flagsOf({ flags }: LinuxSeccomp, notify: boolean): number {
  const listed = new Set(flags ?? ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]);
  let bits = notify ? filterFlags.NEW_LISTENER : 0;
  if (listed.has("SECCOMP_FILTER_FLAG_LOG")) bits |= filterFlags.LOG;
  if (listed.has("SECCOMP_FILTER_FLAG_SPEC_ALLOW")) bits |= filterFlags.SPEC_ALLOW;
  if (notify && listed.has("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")) bits |= filterFlags.WAIT_KILLABLE_RECV;
  return bits;
}

function unknownNames({ syscalls = [] }: LinuxSeccomp, architectures: readonly Architecture[]): string[] {
  const tables = architectures.map(({ column }) => syscallNumbers(column));
  const legacy = architectures.some(({ column }) => column === "x86");
  const isKnown = (name: string) =>
    tables.some((table) => table.has(name)) || (legacy && multiplexedCalls.has(name));
  return [...new Set(syscalls.flatMap(({ names }) => names))].filter((name) => !isKnown(name));
}
