import type { ListName } from "../ops/define.ts";
import type { Op, OpName, OpOf } from "../ops.ts";
import type { OpPlace, Plan } from "../plan.ts";

/** One breach of a rule: the op at fault, or the list where something is missing, and what is wrong. */
export type Breach = { readonly place: OpPlace; readonly what: string };

/** A statement that holds for every plan, whoever wrote it; independent of the planner. */
export type Rule = {
  readonly id: string;
  /** Why a plan that breaks it is dangerous or useless. */
  readonly reason: string;
  /** Man page, spec section, kernel commit or CVE. */
  readonly source: string;
  check(plan: Plan): Iterable<Breach>;
};

/** Ops of one kind in a list, with their indexes. */
export function* find<N extends OpName>(
  plan: Plan,
  list: ListName,
  ...names: N[]
): Generator<{ op: OpOf<N>; index: number }> {
  for (const index of placesOf(plan[list], names)) yield { op: plan[list][index] as OpOf<N>, index };
}

/** Index of the first op of one of these kinds, or -1. */
export function firstOf(items: readonly Op[], ...names: OpName[]): number {
  return placesOf(items, names)[0] ?? -1;
}

/** Index of the last op of one of these kinds, or -1. */
export function lastOf(items: readonly Op[], ...names: OpName[]): number {
  return placesOf(items, names).at(-1) ?? -1;
}

type Places = { readonly length: number; readonly byName: ReadonlyMap<OpName, readonly number[]> };

/** Many rules ask where an op stands in the same list. */
const known = new WeakMap<readonly Op[], Places>();

/** Indexes of the ops of some kinds, ascending. */
function placesOf(items: readonly Op[], names: readonly OpName[]): readonly number[] {
  let places = known.get(items);
  if (places?.length !== items.length) {
    places = { length: items.length, byName: placesByName(items) };
    known.set(items, places);
  }
  const { byName } = places;
  const [only = "exec"] = names;
  if (names.length === 1) return byName.get(only) ?? [];
  return names.flatMap((name) => byName.get(name) ?? []).sort((a, b) => a - b);
}

function placesByName(items: readonly Op[]): Map<OpName, number[]> {
  const byName = new Map<OpName, number[]>();
  items.forEach(({ op }, index) => {
    const places = byName.get(op);
    if (places === undefined) byName.set(op, [index]);
    else places.push(index);
  });
  return byName;
}

/** A breach at an op. */
export function at(list: ListName, index: number, what: string): Breach {
  return { place: { list, index }, what };
}

/** The barrier that awaitStart passes: the container is created. */
export const CREATED_BARRIER = 0xffff;
