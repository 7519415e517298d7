import { createHash } from "node:crypto";
import type { Field, ValueOf } from "./field.ts";
import type { ErrnoName } from "./flags.ts";
import { cgroupOps } from "./ops/cgroup.ts";
import { type ListName, lists, type OpDefinition, phases } from "./ops/define.ts";
import { hostOps } from "./ops/host.ts";
import { identityOps } from "./ops/identity.ts";
import { mountOps } from "./ops/mount.ts";
import { networkOps } from "./ops/network.ts";
import { runtimeOps } from "./ops/runtime.ts";

/**
 * Every verb of the helper. The position of a verb in this object is its number on the wire; the C header, the C
 * dispatch table and docs/plan-reference.md are generated from here.
 */
export const ops = {
  ...hostOps,
  ...cgroupOps,
  ...mountOps,
  ...identityOps,
  ...networkOps,
  ...runtimeOps,
} as const;

export type OpName = keyof typeof ops;

/** What every op carries besides its fields. */
type Common = {
  /** JSON pointer to the place in config.json, or name of the flag, that the op comes from. */
  readonly from: string;
  /** Failures of the op that are not failures of the plan. */
  readonly ignore?: readonly ErrnoName[];
};

/** One op of a plan: `{op: "mask", from: "/linux/maskedPaths/0", root, path}`. */
export type Op = { [N in OpName]: { readonly op: N } & Common & ValueOf<(typeof ops)[N]["fields"]> }[OpName];

/** The ops of one kind. */
export type OpOf<N extends OpName> = Extract<Op, { op: N }>;

/** All verbs in wire order. */
export const opNames = Object.keys(ops) as readonly OpName[];

const numbers = new Map(opNames.map((name, number) => [name, number]));

/** The number of a verb on the wire. */
export function opNumber(name: OpName): number {
  return numbers.get(name) ?? -1;
}

/** A field of a verb by its name and what it holds. */
export type NamedField = { readonly key: string; readonly type: Field["type"] };
type Fields = readonly NamedField[];

const fieldLists = new Map<OpName, Fields>(
  opNames.map((name) => [
    name,
    Object.entries(definitionOf(name).fields).map(([key, { type }]) => ({ key, type })),
  ]),
);
const slotFields = fieldsOfTypes("in", "ins", "out");
const hostPaths = fieldsOfTypes("hostPath");
const phaseNumbers = new Map<OpName, ReadonlyMap<ListName, readonly number[]>>(
  opNames.map((name) => [name, new Map(lists.map((list) => [list, numbersOfPhases(name, list)]))]),
);

/** The fields of a verb in the order of the wire. */
export function fieldsOf(name: OpName): Fields {
  return fieldLists.get(name) ?? [];
}

/** The fields of a verb that are descriptor slots. */
export function slotFieldsOf(name: OpName): Fields {
  return slotFields.get(name) ?? [];
}

/** The fields of a verb that are paths of the host. */
export function hostPathsOf(name: OpName): Fields {
  return hostPaths.get(name) ?? [];
}

function fieldsOfTypes(...types: Field["type"][]): ReadonlyMap<OpName, Fields> {
  return new Map(opNames.map((name) => [name, fieldsOf(name).filter(({ type }) => types.includes(type))]));
}

/** Numbers of the phases of a list in which a verb may stand, ascending. */
export function legalPhases(name: OpName, list: ListName): readonly number[] {
  return phaseNumbers.get(name)?.get(list) ?? [];
}

function numbersOfPhases(name: OpName, list: ListName): number[] {
  const legal = definitionOf(name).legal[list] ?? [];
  return legal.map((phase) => phases.indexOf(phase)).sort((a, b) => a - b);
}

/** The definition of a verb, without its literal types. */
export function definitionOf(name: OpName): OpDefinition {
  return ops[name];
}

/**
 * The first 16 hexadecimal digits of the table's digest: names, order, legality and wire types, but not the prose.
 * Plans begin with it and the helper's greeting ends with it; two sides that differ do not talk.
 */
export const tableHash: string = createHash("sha256")
  .update(
    JSON.stringify(
      opNames.map((name) => {
        const { legal, fields } = definitionOf(name);
        return [
          name,
          legal,
          Object.entries(fields).map(([key, { type, optional }]) => [key, type, optional ?? false]),
        ];
      }),
    ),
  )
  .digest("hex")
  .slice(0, 16);
