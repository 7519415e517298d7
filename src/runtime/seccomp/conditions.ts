import type { LinuxSeccompArg, SeccompOperator } from "../../specs/oci-runtime/index.ts";

/** A comparison of one argument, its values cut to the width of the architecture. */
export type Condition = {
  readonly index: number;
  readonly op: SeccompOperator;
  readonly value: bigint;
  /** All ones but for MASKED_EQ. */
  readonly mask: bigint;
};

/**
 * The conditions of one rule, by argument, without those that are always true. What must hold together comes as one
 * list; a rule that compares an argument twice comes as one list per comparison: runc and crun treat those as
 * alternatives, because libseccomp has no other way to say them, and profiles in the field rely on it.
 */
export function conditionsOf(args: readonly LinuxSeccompArg[], wide: boolean): Condition[][] {
  const conditions = args.map((arg) => conditionOf(arg, wide));
  const distinct = new Set(conditions.map(({ index }) => index)).size === conditions.length;
  const alternatives = distinct ? [conditions] : conditions.map((condition) => [condition]);
  return alternatives.map((each) => each.filter(({ mask }) => mask !== 0n).sort((a, b) => a.index - b.index));
}

function conditionOf({ index, op, value, valueTwo = 0n }: LinuxSeccompArg, wide: boolean): Condition {
  const all = wide ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn;
  if (op !== "SCMP_CMP_MASKED_EQ") return { index, op, value: value & all, mask: all };
  const mask = value & all;
  return { index, op, value: valueTwo & mask, mask };
}

/** Whether a condition holds for an argument of the architecture's width. */
export function holds({ op, value, mask }: Condition, argument: bigint): boolean {
  switch (op) {
    case "SCMP_CMP_EQ":
      return argument === value;
    case "SCMP_CMP_NE":
      return argument !== value;
    case "SCMP_CMP_LT":
      return argument < value;
    case "SCMP_CMP_LE":
      return argument <= value;
    case "SCMP_CMP_GT":
      return argument > value;
    case "SCMP_CMP_GE":
      return argument >= value;
    case "SCMP_CMP_MASKED_EQ":
      return (argument & mask) === value;
  }
}

/** A text that is the same for equal lists of conditions. */
export function conditionKey(conditions: readonly Condition[]): string {
  return conditions.map(({ index, op, value, mask }) => `${index} ${op} ${value} ${mask}`).join(",");
}

const opRank: Readonly<Record<SeccompOperator, number>> = {
  SCMP_CMP_EQ: 3,
  SCMP_CMP_NE: 3,
  SCMP_CMP_MASKED_EQ: 3,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 2,
  SCMP_CMP_GT: 1,
  SCMP_CMP_GE: 1,
};

/**
 * Orders rules of one call whose conditions overlap: the earlier one decides. It is the order in which libseccomp's
 * tree tests them, whatever the order in the profile: later arguments, equality and narrower ranges first, and the
 * longer of two lists that begin alike.
 * Source: https://github.com/seccomp/libseccomp/blob/v2.6.1/src/db.c _db_chain_lt
 */
export function compareConditions(a: readonly Condition[], b: readonly Condition[]): number {
  for (const [position, one] of a.entries()) {
    const other = b[position];
    if (other === undefined) return -1;
    const order = compareCondition(one, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareCondition(a: Condition, b: Condition): number {
  if (a.index !== b.index) return b.index - a.index;
  if (opRank[a.op] !== opRank[b.op]) return opRank[b.op] - opRank[a.op];
  if (a.value === b.value) return 0;
  const less = a.value < b.value ? -1 : 1;
  return opRank[a.op] === 2 ? less : -less;
}
