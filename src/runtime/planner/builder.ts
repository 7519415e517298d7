import { type Op, type Plan, type Slot, slotAllocator } from "../../plan/index.ts";

/** Collects the three lists of a plan while its parts are written. */
export type PlanBuilder = {
  readonly host: Op[];
  readonly stage: Op[];
  readonly init: Op[];
  /** A descriptor slot that nothing uses yet. */
  slot(): Slot;
  finish(): Plan;
};

/** An empty plan. */
export function planBuilder(): PlanBuilder {
  const slots = slotAllocator();
  const lists = { host: [] as Op[], stage: [] as Op[], init: [] as Op[] };
  return { ...lists, slot: () => slots.next(), finish: () => lists };
}
