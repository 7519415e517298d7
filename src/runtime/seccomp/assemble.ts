import { seccompError } from "./errors.ts";
import type { Node } from "./nodes.ts";

/** The most instructions of a filter. Source: include/uapi/linux/bpf_common.h BPF_MAXINSNS */
export const MAX_INSTRUCTIONS = 4096;

/** Codes of classic BPF. Source: include/uapi/linux/bpf_common.h, filter.h */
export const opcodes = {
  LOAD_WORD: 0x20,
  AND: 0x54,
  JUMP: 0x05,
  JUMP_EQUAL: 0x15,
  JUMP_ABOVE: 0x25,
  JUMP_AT_LEAST: 0x35,
  JUMP_ANY_BIT: 0x45,
  RETURN: 0x06,
} as const;

const jumps = {
  equal: opcodes.JUMP_EQUAL,
  above: opcodes.JUMP_ABOVE,
  atLeast: opcodes.JUMP_AT_LEAST,
  anyBit: opcodes.JUMP_ANY_BIT,
} as const;

type Instruction = { code: number; yes: number; no: number; value: number };

/** Conditional jumps reach this far. */
const REACH = 255;

/**
 * Turns a decision graph into the bytes that seccomp(2) takes: 8 a instruction, in the byte order of x86 and arm.
 *
 * Classic BPF jumps forward only, so the program is written from its end: whatever an instruction leads to is already
 * there. What is too far for a conditional jump gets a second return, or a long jump, nearby.
 *
 * @throws SECCOMP_TOO_LONG
 */
export function assemble(start: Node): Uint8Array {
  checkSize(start);
  const code: Instruction[] = [];
  place(start, code, new Map());
  if (code.length > MAX_INSTRUCTIONS) throw tooLong(code.length);
  const bytes = new DataView(new ArrayBuffer(code.length * 8));
  for (const [index, { code: opcode, yes, no, value }] of code.reverse().entries()) {
    bytes.setUint16(index * 8, opcode, true);
    bytes.setUint8(index * 8 + 2, yes);
    bytes.setUint8(index * 8 + 3, no);
    bytes.setUint32(index * 8 + 4, value, true);
  }
  return new Uint8Array(bytes.buffer);
}

/** Every node takes an instruction; counting them first bounds the depth of the recursion below. */
function checkSize(start: Node): void {
  const seen = new Set<Node>([start]);
  for (const node of seen) {
    if (seen.size > MAX_INSTRUCTIONS) throw tooLong(seen.size);
    if (node.kind === "load" || node.kind === "and") seen.add(node.next);
    else if (node.kind === "jump") seen.add(node.yes).add(node.no);
  }
}

function tooLong(length: number) {
  return seccompError(
    "TOO_LONG",
    `cannot use config.json#/linux/seccomp: the filter has ${length} instructions or more, the kernel takes ${MAX_INSTRUCTIONS}`,
    { hint: "use fewer rules with arguments", details: { pointer: "/linux/seccomp" } },
  );
}

/** Writes what is not there yet. Returns where the node begins, counted from the end of the program. */
function place(node: Node, code: Instruction[], places: Map<Node, number>): number {
  const known = places.get(node);
  if (known !== undefined) return known;
  code.push(instructionOf(node, code, places));
  places.set(node, code.length - 1);
  return code.length - 1;
}

function instructionOf(node: Node, code: Instruction[], places: Map<Node, number>): Instruction {
  switch (node.kind) {
    case "return":
      return { code: opcodes.RETURN, yes: 0, no: 0, value: node.value };
    case "load":
    case "and": {
      const next = place(node.next, code, places);
      if (next !== code.length - 1) code.push(longJump(next, code.length));
      const [opcode, value] =
        node.kind === "load" ? [opcodes.LOAD_WORD, node.offset] : [opcodes.AND, node.mask];
      return { code: opcode, yes: 0, no: 0, value };
    }
    case "jump": {
      place(node.yes, code, places);
      place(node.no, code, places);
      // One instruction may still be put between the first target and the jump.
      let yes = bring(node.yes, REACH - 1, { code, places });
      const no = bring(node.no, REACH, { code, places });
      if (distance(yes, code.length) > REACH) yes = bring(node.yes, REACH, { code, places });
      return {
        code: jumps[node.test],
        yes: distance(yes, code.length),
        no: distance(no, code.length),
        value: node.value,
      };
    }
  }
}

/** How many instructions lie between two places. */
function distance(target: number, from: number): number {
  return from - target - 1;
}

function longJump(target: number, from: number): Instruction {
  return { code: opcodes.JUMP, yes: 0, no: 0, value: distance(target, from) };
}

/** A place not further away than `reach` from where the next instruction goes, that does what the node does. */
function bring(
  node: Node,
  reach: number,
  { code, places }: { code: Instruction[]; places: Map<Node, number> },
): number {
  const target = places.get(node) as number;
  if (distance(target, code.length) <= reach) return target;
  const isReturn = code[target]?.code === opcodes.RETURN;
  code.push(isReturn ? (code[target] as Instruction) : longJump(target, code.length));
  if (isReturn) places.set(node, code.length - 1);
  return code.length - 1;
}
