import { type Digest, sha256 } from "../base/index.ts";
import { planError } from "./errors.ts";
import { NO_SLOT } from "./field.ts";
import { errnos } from "./flags.ts";
import { lists } from "./ops/define.ts";
import { fieldsOf, type NamedField, type Op, opNumber, tableHash } from "./ops.ts";
import { type Binding, fieldValue, type Plan } from "./plan.ts";
import { createWriter, type Writer } from "./writer.ts";

/** The magic, then the hash of the op table. */
const beginning = Buffer.concat([Buffer.from("tugP", "latin1"), Buffer.from(tableHash, "hex")]);
const HEADER_SIZE = 32;
const TEMPLATE = 0x80000000;
const MAX_SLOTS = 1024;

/** A binding shorter than this is left in place: it would occur in texts by chance. */
const SHORTEST_BINDING = 12;

/** In bytes: enough for most. */
const ROOM_FOR_BINDINGS = 1024;

export type EncodedPlan = {
  /** The whole message that the helper reads, see docs/plan-wire.md. */
  readonly message: Uint8Array;
  /** sha256 of the plan section, which the helper reports back after executing it. */
  readonly digest: Digest;
};

/** A plan with places for bindings, whatever their values: what differs from run to run is not in it. */
export type PlanTemplate = {
  /** The bindings that it has places for, in the order of their numbers. */
  readonly names: readonly string[];
  /** The part of the message that the digest is taken of. */
  readonly section: Uint8Array;
  readonly digest: Digest;
};

/**
 * The wire form of a plan.
 *
 * @param bindings values kept out of the digest; one that holds another one is replaced before it
 * @throws PLAN_VALUE when a text holds a NUL byte or there are too many slots
 */
export function encodePlan(plan: Plan, bindings: readonly Binding[] = []): EncodedPlan {
  return bindTemplate(encodeTemplate(plan, bindings), bindings);
}

/**
 * A plan without the values of its bindings.
 *
 * @throws PLAN_VALUE when a text holds a NUL byte or there are too many slots
 */
export function encodeTemplate(plan: Plan, bindings: readonly Binding[]): PlanTemplate {
  const bound = replaced(bindings);
  const writer = createWriter();
  writer.bytes(beginning);
  const sectionLength = writer.hole32();
  const slotCount = writer.hole16();
  writer.u16(bound.length);
  for (const list of lists) writer.u32(plan[list].length);
  if (writer.size !== HEADER_SIZE) throw new Error("the header of a plan has another size");
  const section: Section = {
    writer,
    bindings: bound,
    marks: marksOf(bound),
    slots: 0,
    op: plan.host[0],
    key: "",
  };
  for (const list of lists) for (const op of plan[list]) encodeOp(section, op);
  sectionLength.fill(writer.size);
  slotCount.fill(checkSlots(section.slots));
  const bytes = writer.finish();
  return { names: bound.map(({ name }) => name), section: bytes, digest: sha256(bytes) };
}

/** A template with values for its bindings. */
export function bindTemplate(
  { names, section, digest }: PlanTemplate,
  bindings: readonly Binding[],
): EncodedPlan {
  const writer = createWriter(section.length + ROOM_FOR_BINDINGS);
  const length = writer.hole32();
  const start = writer.size;
  writer.bytes(section);
  for (const name of names) writer.text(valueFor(name, bindings));
  length.fill(writer.size - start);
  return { message: writer.finish(), digest };
}

function valueFor(name: string, bindings: readonly Binding[]): string {
  const found = bindings.find((binding) => binding.name === name);
  if (found === undefined) throw new Error(`a plan has a place for ${name}, for which there is no value`);
  return found.value;
}

/** The bindings that are replaced, in the order of their numbers, which is theirs unless one holds another one. */
function replaced(bindings: readonly Binding[]): Binding[] {
  const left = bindings.filter(({ value }) => value.length >= SHORTEST_BINDING);
  const holders = (value: string): number =>
    left.filter((other) => other.value !== value && other.value.includes(value)).length;
  return left
    .map((binding) => ({ binding, rank: holders(binding.value) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ binding }) => binding);
}

/** The part of the message that the digest is taken of, while it is written. */
type Section = {
  readonly writer: Writer;
  readonly bindings: readonly Binding[];
  /** A text that has none of them has no binding. */
  readonly marks: readonly string[];
  /** So many descriptors have been named so far. */
  slots: number;
  /** What is written at the moment. */
  op: Op | undefined;
  key: string;
};

/** The values of bindings that are no longer than they must be: whoever has the id has its beginning, too. */
function marksOf(bindings: readonly Binding[]): string[] {
  const values = bindings.map(({ value }) => value);
  return values.filter((value) => !values.some((other) => other !== value && value.includes(other)));
}

function checkSlots(count: number): number {
  if (count <= MAX_SLOTS) return count;
  throw planError("VALUE", `cannot encode the plan: it needs ${count} descriptors, the most is ${MAX_SLOTS}`);
}

function encodeOp(section: Section, op: Op): void {
  const { writer } = section;
  const start = writer.size;
  const length = writer.hole32();
  writer.u16(opNumber(op.op));
  const ignored = op.ignore ?? [];
  writer.u8(ignored.length);
  writer.u8(0);
  for (const name of ignored) writer.u16(errnos[name]);
  section.op = op;
  for (const field of fieldsOf(op.op)) encodeField(section, field, op);
  length.fill(writer.size - start);
}

function encodeField(section: Section, { key, type }: NamedField, op: Op): void {
  const { writer } = section;
  const value = fieldValue(op, key);
  section.key = key;
  switch (type) {
    case "u32":
      writer.u32((value as number | undefined) ?? 0);
      break;
    case "u64":
      writer.u64((value as bigint | undefined) ?? 0n);
      break;
    case "text":
    case "hostPath":
    case "rootPath":
      encodeText(section, (value as string | undefined) ?? "");
      break;
    case "texts":
      encodeList(section, value as readonly string[] | undefined, encodeText);
      break;
    case "bytes":
      writer.blob((value as Uint8Array | undefined) ?? new Uint8Array());
      break;
    case "numbers":
      encodeList(section, value as readonly number[] | undefined, encodeNumber);
      break;
    case "in":
    case "out":
      encodeSlot(section, (value as number | undefined) ?? NO_SLOT);
      break;
    case "ins":
      encodeList(section, value as readonly number[] | undefined, encodeSlot);
      break;
  }
}

function encodeSlot(section: Section, slot: number): void {
  if (slot !== NO_SLOT) section.slots = Math.max(section.slots, slot + 1);
  section.writer.u16(slot);
}

function encodeNumber({ writer }: Section, number: number): void {
  writer.u32(number);
}

function encodeList<T>(
  section: Section,
  items: readonly T[] | undefined,
  encode: (section: Section, item: T) => void,
): void {
  section.writer.u32(items?.length ?? 0);
  for (const item of items ?? []) encode(section, item);
}

function encodeText(section: Section, text: string): void {
  const { writer, marks, op, key } = section;
  if (text.includes("\0")) {
    throw planError("VALUE", `cannot encode ${op?.op}.${key} (${op?.from}): the text holds a NUL byte`);
  }
  if (!marks.some((mark) => text.includes(mark))) {
    writer.text(text);
    writer.u8(0);
    return;
  }
  const length = writer.hole32();
  const start = writer.size;
  encodePieces(section, text, 0);
  length.fill(TEMPLATE + (writer.size - start));
}

/** A text cut at every occurrence of a binding's value, from the binding with this number on: literal pieces and numbers. */
function encodePieces(section: Section, text: string, first: number): void {
  const { writer, bindings } = section;
  const value = bindings[first]?.value;
  if (value === undefined) {
    if (text === "") return;
    writer.u8(0);
    writer.text(text);
    return;
  }
  let begin = 0;
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, begin)) {
    encodePieces(section, text.slice(begin, at), first + 1);
    writer.u8(1);
    writer.u16(first);
    begin = at + value.length;
  }
  encodePieces(section, text.slice(begin), first + 1);
}
