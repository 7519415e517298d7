import { NO_SLOT, type Slot } from "./field.ts";
import { type ListName, lists, type PhaseName, phases } from "./ops/define.ts";
import { legalPhases, type Op, slotFieldsOf } from "./ops.ts";

/** What the helper is to do: three flat lists, no condition, no loop. See docs/plan-reference.md. */
export type Plan = Readonly<Record<ListName, readonly Op[]>>;

/**
 * A value that differs from run to run, such as the container's id. Texts of the plan that contain it are sent with
 * a reference in its place, so that it does not enter the plan's digest.
 */
export type Binding = { readonly name: string; readonly value: string };

/** The place of an op: its list and its index there. */
export type OpPlace = { readonly list: ListName; readonly index: number };

/** Hands out descriptor slots, each once. */
export function slotAllocator(): { next(): Slot; readonly count: number } {
  let count = 0;
  return {
    next() {
      count += 1;
      return (count - 1) as Slot;
    },
    get count() {
      return count;
    },
  };
}

/** The lists of a plan with their names, in the order host, stage, init. */
export function listsOf(plan: Plan): readonly { list: ListName; items: readonly Op[] }[] {
  return lists.map((list) => ({ list, items: plan[list] }));
}

type SlotUse = { readonly reads: readonly Slot[]; readonly writes: readonly Slot[] };

const NO_SLOTS: SlotUse = { reads: [], writes: [] };

/** The value of a field, whatever the op; undefined where an optional field is left out. */
export function fieldValue(op: Op, key: string): unknown {
  return (op as unknown as Record<string, unknown>)[key];
}

/** The slots that an op reads and the ones it writes. */
export function slotsOf(op: Op): SlotUse {
  const fields = slotFieldsOf(op.op);
  if (fields.length === 0) return NO_SLOTS;
  const reads: Slot[] = [];
  const writes: Slot[] = [];
  for (const { key, type } of fields) {
    const value = fieldValue(op, key);
    if (value === undefined || value === NO_SLOT) continue;
    if (type === "in") reads.push(value as Slot);
    if (type === "ins") reads.push(...(value as readonly Slot[]));
    if (type === "out") writes.push(value as Slot);
  }
  return { reads, writes };
}

/**
 * The phase of each op of a list: the lowest legal one that is not below the phase before. An op that is illegal in
 * its place has the phase undefined and does not move the list forward.
 */
export function phasesOf(list: ListName, items: readonly Op[]): (PhaseName | undefined)[] {
  const found: (PhaseName | undefined)[] = [];
  let current = 0;
  for (const { op } of items) {
    const next = firstFrom(current, legalPhases(op, list));
    found.push(next === undefined ? undefined : phases[next]);
    current = next ?? current;
  }
  return found;
}

function firstFrom(least: number, ascending: readonly number[]): number | undefined {
  for (const number of ascending) if (number >= least) return number;
  return undefined;
}
