import { sha256 } from "../base/index.ts";
import type { Field, NumberForm } from "./field.ts";
import { lists } from "./ops/define.ts";
import { definitionOf, type Op } from "./ops.ts";
import { type Binding, fieldValue, type Plan, phasesOf } from "./plan.ts";

export type PrintOptions = {
  /** Values shown by name, as `<id>`. */
  bindings?: readonly Binding[];
  /** Leaves the provenance column out. */
  provenance?: boolean;
};

const longest = 160;

/**
 * A plan as text: one line per op with its fields and, behind `#`, where it comes from. The text is for people and
 * golden tests; the digest is that of the encoded plan.
 */
export function printPlan(plan: Plan, options: PrintOptions = {}): string {
  const lines: string[] = [];
  for (const list of lists) {
    const items = plan[list];
    if (items.length === 0) continue;
    lines.push(`${list}:`);
    const stages = phasesOf(list, items);
    for (const [index, op] of items.entries()) {
      const phase = stages[index] === stages[index - 1] ? "" : (stages[index] ?? "illegal");
      const head = `${String(index).padStart(4)} ${phase.padEnd(9)}${printOp(op, options.bindings ?? [])}`;
      lines.push(options.provenance === false ? head : `${head.padEnd(72)}  # ${op.from}`);
    }
  }
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

/** One op on one line: its name, then `field=value` for every field that is not left out. */
export function printOp(op: Op, bindings: readonly Binding[] = []): string {
  const words: string[] = [op.op];
  for (const [key, field] of Object.entries(definitionOf(op.op).fields)) {
    const value = fieldValue(op, key);
    if (value === undefined || (field.optional && isDefault(value))) continue;
    words.push(`${key}=${printValue(field, value, bindings)}`);
  }
  if (op.ignore !== undefined && op.ignore.length > 0) words.push(`ignore=${op.ignore.join(",")}`);
  return words.join(" ");
}

function isDefault(value: unknown): boolean {
  return value === 0 || value === 0n || value === "" || (Array.isArray(value) && value.length === 0);
}

function printValue(field: Field, value: unknown, bindings: readonly Binding[]): string {
  switch (field.type) {
    case "in":
    case "out":
      return `%${value}`;
    case "ins":
      return (value as readonly number[]).map((slot) => `%${slot}`).join(",");
    case "u32":
    case "u64":
      return printNumber(value as number | bigint, field.form);
    case "numbers":
      return (value as readonly number[]).join(",");
    case "bytes": {
      const bytes = value as Uint8Array;
      return `<${bytes.length} bytes ${sha256(bytes).slice(7, 19)}>`;
    }
    case "texts":
      return `[${(value as readonly string[]).map((text) => printText(text, bindings)).join(" ")}]`;
    default:
      return printText(value as string, bindings);
  }
}

function printText(text: string, bindings: readonly Binding[]): string {
  let shown = text;
  for (const { name, value } of bindings) shown = shown.replaceAll(value, `<${name}>`);
  if (shown.length > longest) shown = `${shown.slice(0, longest)}...`;
  return shown === "" || /[\s"\\\]]|[^\x20-\x7e]/.test(shown) ? JSON.stringify(shown) : shown;
}

/** A number in octal, as names of its bits (an exact match of one value wins), or in decimal. */
function printNumber(value: number | bigint, form: NumberForm | undefined): string {
  if (form === undefined) {
    return typeof value === "bigint" && value > 0xffffn ? `0x${value.toString(16)}` : String(value);
  }
  if (form === "octal") return `0${value.toString(8)}`;
  const wide = BigInt(value);
  const exact = Object.entries(form).find(([, bit]) => BigInt(bit) === wide);
  if (exact) return exact[0];
  const names: string[] = [];
  let rest = wide;
  for (const [name, number] of Object.entries(form)) {
    const bit = BigInt(number);
    if (bit !== 0n && (rest & bit) === bit) {
      names.push(name);
      rest &= ~bit;
    }
  }
  if (rest !== 0n || names.length === 0) names.push(`0x${rest.toString(16)}`);
  return names.join("|");
}
