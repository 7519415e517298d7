export {
  bindTemplate,
  type EncodedPlan,
  encodePlan,
  encodeTemplate,
  type PlanTemplate,
} from "./encode.ts";
export { type Field, type FieldType, NO_SLOT, type NumberForm, type Slot } from "./field.ts";
export * from "./flags.ts";
export { planToJson } from "./json.ts";
export { NO_NETWORK_AHEAD, networkAheadName } from "./network-ahead.ts";
export { type ListName, lists, type OpDefinition, type PhaseName, phases } from "./ops/define.ts";
export { definitionOf, type Op, type OpName, type OpOf, opNames, ops, tableHash } from "./ops.ts";
export { asOutgoing, type OutgoingPlan, outgoingPlan } from "./outgoing.ts";
export {
  type Binding,
  fieldValue,
  type OpPlace,
  type Plan,
  phasesOf,
  slotAllocator,
  slotsOf,
} from "./plan.ts";
export { type PrintOptions, printOp, printPlan } from "./print.ts";
export { type Breach, CREATED_BARRIER, type Rule } from "./verify/rule.ts";
export { breachesOf, rules, verifyPlan } from "./verify/verify.ts";
