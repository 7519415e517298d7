import type { LinuxSeccomp, LinuxSyscall } from "../../specs/oci-runtime/index.ts";
import { actionValue, isStricter } from "./actions.ts";
import type { Architecture } from "./architectures.ts";
import { type Condition, compareConditions, conditionKey, conditionsOf } from "./conditions.ts";
import { seccompError } from "./errors.ts";
import { type Multiplexed, multiplexedCalls, syscallNumbers } from "./syscalls.ts";

/** An alternative for a call: the action if all conditions hold. */
export type Rule = { readonly conditions: readonly Condition[]; readonly action: number };

/** What happens for one call: the first rule whose conditions hold, else the filter's default. */
export type Verdict = readonly Rule[];

/** The rules of a profile on one architecture. */
export type Rules = {
  /** By number of the call, as the table has it. */
  readonly verdicts: ReadonlyMap<number, Verdict>;
  /** Numbers of all calls that the profile names or that have a verdict. */
  readonly named: ReadonlySet<number>;
};

type Candidate = Rule & { readonly entry: number };

/**
 * Resolves the names of a profile on one architecture and settles what rules of the same call mean together, as
 * libseccomp does under runc and crun:
 *
 * * a rule that asks for the default action says nothing;
 * * a rule without conditions beats every rule with some, and the first such rule beats later ones;
 * * equal conditions with different actions, where both could count, are an error;
 * * other rules are alternatives, tried in the order of compareConditions.
 */
export function resolveRules(profile: LinuxSeccomp, architecture: Architecture): Rules {
  const numbers = syscallNumbers(architecture.column);
  const defaultAction = actionValue(profile.defaultAction, profile.defaultErrnoRet);
  const candidates = new Map<number, Candidate[]>();
  const named = new Set<number>();
  const add = (number: number | undefined, candidate: Candidate) => {
    if (number === undefined) return;
    named.add(number);
    const list = candidates.get(number);
    if (list === undefined) candidates.set(number, [candidate]);
    else list.push(candidate);
  };
  for (const [entry, syscall] of (profile.syscalls ?? []).entries()) {
    const action = actionValue(syscall.action, syscall.errnoRet);
    const alternatives = conditionsOf(syscall.args ?? [], architecture.wide);
    for (const name of syscall.names) {
      const number = numbers.get(name);
      if (number !== undefined) named.add(number);
      if (action === defaultAction) continue;
      for (const conditions of alternatives) add(number, { conditions, action, entry });
      const multiplexed = architecture.column === "x86" ? multiplexedCalls.get(name) : undefined;
      if (multiplexed === undefined) continue;
      const rule = multiplexedRule(multiplexed, { syscall, action, defaultAction });
      if (rule !== undefined) add(numbers.get(multiplexed.through), { ...rule, entry });
    }
  }
  const verdicts = new Map([...candidates].map(([number, list]) => [number, settle(list)]));
  return { verdicts, named };
}

type Meaning = { syscall: LinuxSyscall; action: number; defaultAction: number };

/**
 * The rule for a call made through socketcall(2) or ipc(2), whose arguments lie in memory where no filter can look.
 * Conditions are dropped from a rule that restricts; a rule that permits under conditions is not carried over, while
 * libseccomp would then permit every use. ipc ignores the upper 16 bits of its first argument.
 */
function multiplexedRule(
  multiplexed: Multiplexed,
  { syscall, action, defaultAction }: Meaning,
): Rule | undefined {
  const strict = isStricter(action, defaultAction);
  if (!strict && (syscall.args?.length ?? 0) > 0) return undefined;
  const masked = strict && multiplexed.through === "ipc";
  const condition: Condition = {
    index: 0,
    op: masked ? "SCMP_CMP_MASKED_EQ" : "SCMP_CMP_EQ",
    value: multiplexed.call,
    mask: masked ? 0xffffn : 0xffff_ffffn,
  };
  return { conditions: [condition], action };
}

function settle(candidates: readonly Candidate[]): Verdict {
  const always = candidates.find(({ conditions }) => conditions.length === 0);
  if (always !== undefined) return [always];
  const distinct = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const key = conditionKey(candidate.conditions);
    const first = distinct.get(key);
    if (first === undefined) distinct.set(key, candidate);
    else if (first.action !== candidate.action) throw conflict(first, candidate);
  }
  return [...distinct.values()].sort((a, b) => compareConditions(a.conditions, b.conditions));
}

function conflict(first: Candidate, second: Candidate) {
  const [one, two] = [first, second].map(({ entry }) => `/linux/seccomp/syscalls/${entry}`);
  return seccompError(
    "CONFLICT",
    `cannot use config.json#${two}: it asks for another action than ${one} under the same condition`,
    { hint: "remove one of the two rules", details: { pointer: two ?? "" } },
  );
}
