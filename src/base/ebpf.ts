/**
 * Codes of eBPF that programs here are made of: on 64 bits, unless they say 32.
 * Source: include/uapi/linux/bpf_common.h, bpf.h
 */
export const ebpf = {
  LOAD_WORD: 0x61,
  LOAD_DOUBLE: 0x79,
  LOAD_CONSTANT: 0x18,
  STORE_WORD: 0x63,
  STORE_DOUBLE: 0x7b,
  STORE_CONSTANT_WORD: 0x62,
  MOVE: 0xbf,
  MOVE_32: 0xbc,
  MOVE_CONSTANT: 0xb7,
  ADD_CONSTANT: 0x07,
  AND_32_CONSTANT: 0x54,
  SHIFT_RIGHT_32_CONSTANT: 0x74,
  JUMP: 0x05,
  JUMP_IF: 0x15,
  JUMP_IF_NOT: 0x55,
  JUMP_IF_NOT_32: 0x56,
  JUMP_IF_OTHER: 0x5d,
  JUMP_IF_BITS: 0x45,
  CALL: 0x85,
  EXIT: 0x95,
} as const;

/** One instruction, of registers and a constant of 32 bits. */
export type Instruction = {
  readonly code: number;
  readonly to: number;
  readonly from?: number;
  readonly offset?: number;
  readonly value?: number;
};

const SIZE = 8;

/** Instructions as the kernel takes them: 8 bytes each, little-endian. */
export function encodeInstructions(code: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(code.length * SIZE));
  for (const [index, { code: opcode, to, from = 0, offset = 0, value = 0 }] of code.entries()) {
    view.setUint8(index * SIZE, opcode);
    view.setUint8(index * SIZE + 1, (from << 4) | to);
    view.setInt16(index * SIZE + 2, offset, true);
    view.setInt32(index * SIZE + 4, value, true);
  }
  return new Uint8Array(view.buffer);
}
