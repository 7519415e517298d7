import { opcodes } from "../assemble.ts";

/** What a filter sees of a call. Source: include/uapi/linux/seccomp.h struct seccomp_data */
export type CallData = { nr: number; arch: number; args: readonly bigint[]; instructionPointer?: bigint };

/** What a filter returned, and how many instructions that took. */
export type Outcome = { value: number; steps: number };

/**
 * Runs a filter as the kernel would, after the checks that the kernel makes when it is loaded: known instructions,
 * loads of whole words inside the data, jumps forward and inside the program, a return at the end.
 * Source: net/core/filter.c bpf_check_classic, kernel/seccomp.c seccomp_check_filter
 */
export function runFilter(program: Uint8Array, call: CallData): Outcome {
  const code = decode(program);
  const data = encodeData(call);
  let accumulator = 0;
  let position = 0;
  for (let steps = 1; ; steps++) {
    const { opcode, yes, no, value } = code[position] as Instruction;
    position += 1;
    if (opcode === opcodes.RETURN) return { value, steps };
    if (opcode === opcodes.LOAD_WORD) accumulator = data.getUint32(value, true);
    else if (opcode === opcodes.AND) accumulator = (accumulator & value) >>> 0;
    else if (opcode === opcodes.JUMP) position += value;
    else position += test(opcode, accumulator, value) ? yes : no;
  }
}

type Instruction = { opcode: number; yes: number; no: number; value: number };

const tests: ReadonlySet<number> = new Set([
  opcodes.JUMP_EQUAL,
  opcodes.JUMP_ABOVE,
  opcodes.JUMP_AT_LEAST,
  opcodes.JUMP_ANY_BIT,
]);

function decode(program: Uint8Array): Instruction[] {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const length = program.length / 8;
  if (!Number.isInteger(length) || length < 1 || length > 4096) throw new RangeError(`length ${length}`);
  const code = Array.from({ length }, (_, index) => ({
    opcode: view.getUint16(index * 8, true),
    yes: view.getUint8(index * 8 + 2),
    no: view.getUint8(index * 8 + 3),
    value: view.getUint32(index * 8 + 4, true),
  }));
  for (const [index, instruction] of code.entries()) check(instruction, length - index - 1);
  if (code.at(-1)?.opcode !== opcodes.RETURN) throw new RangeError("the last instruction is no return");
  return code;
}

function check({ opcode, yes, no, value }: Instruction, left: number): void {
  if (opcode === opcodes.RETURN || opcode === opcodes.AND) return;
  if (opcode === opcodes.LOAD_WORD) {
    if (value % 4 !== 0 || value > 60) throw new RangeError(`load of word ${value}`);
  } else if (opcode === opcodes.JUMP) {
    if (value >= left) throw new RangeError(`jump by ${value} with ${left} instructions left`);
  } else if (!tests.has(opcode)) throw new RangeError(`unknown instruction ${opcode}`);
  else if (Math.max(yes, no) >= left) throw new RangeError(`jump by ${yes} or ${no} with ${left} left`);
}

function test(opcode: number, accumulator: number, value: number): boolean {
  if (opcode === opcodes.JUMP_EQUAL) return accumulator === value;
  if (opcode === opcodes.JUMP_ABOVE) return accumulator > value;
  if (opcode === opcodes.JUMP_AT_LEAST) return accumulator >= value;
  return (accumulator & value) !== 0;
}

function encodeData({ nr, arch, args, instructionPointer = 0n }: CallData): DataView {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, nr, true);
  data.setUint32(4, arch, true);
  data.setBigUint64(8, instructionPointer, true);
  for (let index = 0; index < 6; index++) data.setBigUint64(16 + 8 * index, args[index] ?? 0n, true);
  return data;
}
