import { type Digest, sha256 } from "../base/index.ts";
import { planError } from "./errors.ts";
import type { Field } from "./field.ts";
import { NO_SLOT } from "./field.ts";
import { errnos } from "./flags.ts";
import { fieldsOf, type Op, opNumber, tableHash } from "./ops.ts";
import { type Binding, fieldValue, opsOf, type Plan, slotsOf } from "./plan.ts";
import { createWriter, type Writer } from "./writer.ts";

const MAGIC = "tugP";
const HEADER_SIZE = 32;
const TEMPLATE = 0x80000000;
const MAX_SLOTS = 1024;

/** A binding shorter than this is left in place: it would occur in texts by chance. */
const SHORTEST_BINDING = 12;

export type EncodedPlan = {
  /** The whole message that the helper reads, see docs/plan-wire.md. */
  readonly message: Uint8Array;
  /** sha256 of the plan section, which the helper reports back after executing it. */
  readonly digest: Digest;
};

/**
 * The wire form of a plan.
 *
 * @param bindings values kept out of the digest; the longest are replaced first
 * @throws PLAN_VALUE when a text holds a NUL byte or there are too many slots
 */
export function encodePlan(plan: Plan, bindings: readonly Binding[] = []): EncodedPlan {
  const bound = bindings
    .filter(({ value }) => value.length >= SHORTEST_BINDING)
    .sort((a, b) => b.value.length - a.value.length);
  const section = createWriter();
  section.bytes(Buffer.from(MAGIC, "latin1"));
  section.bytes(Buffer.from(tableHash, "hex"));
  const length = section.hole32();
  section.u16(slotCount(plan));
  section.u16(bound.length);
  section.u32(plan.host.length);
  section.u32(plan.stage.length);
  section.u32(plan.init.length);
  if (section.size !== HEADER_SIZE) throw new Error("the header of a plan has another size");
  for (const { op } of opsOf(plan)) encodeOp(section, op, bound);
  length.fill(section.size);

  const planBytes = section.finish();
  const tail = createWriter();
  for (const { value } of bound) tail.blob(Buffer.from(value));
  const message = createWriter();
  message.u32(planBytes.length + tail.size);
  message.bytes(planBytes);
  message.bytes(tail.finish());
  return { message: message.finish(), digest: sha256(planBytes) };
}

function slotCount(plan: Plan): number {
  let highest = -1;
  for (const { op } of opsOf(plan)) {
    const { reads, writes } = slotsOf(op);
    highest = Math.max(highest, ...reads, ...writes);
  }
  if (highest >= MAX_SLOTS) {
    throw planError(
      "VALUE",
      `cannot encode the plan: it needs ${highest + 1} descriptors, the most is ${MAX_SLOTS}`,
    );
  }
  return highest + 1;
}

function encodeOp(writer: Writer, op: Op, bindings: readonly Binding[]): void {
  const start = writer.size;
  const length = writer.hole32();
  writer.u16(opNumber(op.op));
  const ignored = op.ignore ?? [];
  writer.u8(ignored.length);
  writer.u8(0);
  for (const name of ignored) writer.u16(errnos[name]);
  for (const [key, field] of fieldsOf(op.op)) {
    encodeField({ writer, field, bindings, op, key }, fieldValue(op, key));
  }
  length.fill(writer.size - start);
}

type FieldContext = { writer: Writer; field: Field; bindings: readonly Binding[]; op: Op; key: string };

function encodeField(context: FieldContext, value: unknown): void {
  const { writer } = context;
  switch (context.field.type) {
    case "u32":
      writer.u32((value as number | undefined) ?? 0);
      break;
    case "u64":
      writer.u64((value as bigint | undefined) ?? 0n);
      break;
    case "text":
    case "hostPath":
    case "rootPath":
      encodeText(context, (value as string | undefined) ?? "");
      break;
    case "texts":
      encodeList(writer, value as readonly string[] | undefined, (text) => encodeText(context, text));
      break;
    case "bytes":
      writer.blob((value as Uint8Array | undefined) ?? new Uint8Array());
      break;
    case "numbers":
      encodeList(writer, value as readonly number[] | undefined, (number) => writer.u32(number));
      break;
    case "in":
    case "out":
      writer.u16((value as number | undefined) ?? NO_SLOT);
      break;
    case "ins":
      encodeList(writer, value as readonly number[] | undefined, (slot) => writer.u16(slot));
      break;
  }
}

function encodeList<T>(writer: Writer, items: readonly T[] | undefined, encode: (item: T) => void): void {
  writer.u32(items?.length ?? 0);
  for (const item of items ?? []) encode(item);
}

function encodeText({ writer, bindings, op, key }: FieldContext, text: string): void {
  if (text.includes("\0")) {
    throw planError("VALUE", `cannot encode ${op.op}.${key} (${op.from}): the text holds a NUL byte`);
  }
  if (!bindings.some(({ value }) => text.includes(value))) {
    writer.text(text);
    writer.u8(0);
    return;
  }
  const length = writer.hole32();
  const start = writer.size;
  for (const piece of splitByBindings(text, bindings)) {
    if (typeof piece === "string") {
      writer.u8(0);
      writer.text(piece);
    } else {
      writer.u8(1);
      writer.u16(piece);
    }
  }
  length.fill(TEMPLATE + (writer.size - start));
}

/** Cuts a text at every occurrence of a binding's value: literal pieces and numbers of bindings. */
function splitByBindings(text: string, bindings: readonly Binding[]): (string | number)[] {
  let pieces: (string | number)[] = [text];
  for (const [index, { value }] of bindings.entries()) {
    pieces = pieces.flatMap((piece) =>
      typeof piece === "number"
        ? [piece]
        : piece.split(value).flatMap((part, position) => (position === 0 ? [part] : [index, part])),
    );
  }
  return pieces.filter((piece) => piece !== "" || pieces.length === 1);
}
