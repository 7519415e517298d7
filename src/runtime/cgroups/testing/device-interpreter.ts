import { ebpf } from "../../../base/index.ts";
import { deviceTypes } from "../device-program.ts";

/** What the kernel asks about: a device and the accesses wanted, bits of `access`. */
export type DeviceRequest = { type: "b" | "c"; major: number; minor: number; access: number };

/**
 * Runs a device program as the kernel would, after the checks of its verifier that such a program could fail: known
 * instructions, jumps forward and inside the program, registers written before they are read, an end on every path.
 */
export function runDeviceProgram(program: Uint8Array, request: DeviceRequest): boolean {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const length = program.length / 8;
  const words = [(request.access << 16) | deviceTypes[request.type], request.major, request.minor];
  const registers: (number | undefined)[] = [undefined, 0];
  const read = (register: number): number => {
    const value = registers[register];
    if (value === undefined) throw new RangeError(`r${register} is read before it is written`);
    return value;
  };
  for (let position = 0; position < length; position++) {
    const code = view.getUint8(position * 8);
    const to = view.getUint8(position * 8 + 1) & 15;
    const from = view.getUint8(position * 8 + 1) >> 4;
    const offset = view.getInt16(position * 8 + 2, true);
    const value = view.getInt32(position * 8 + 4, true);
    const jump = () => {
      if (offset < 0 || position + offset + 1 >= length)
        throw new RangeError(`jump by ${offset} at ${position}`);
      position += offset;
    };
    if (code === ebpf.EXIT) return read(0) !== 0;
    if (code === ebpf.LOAD_WORD) {
      if (from !== 1) throw new RangeError(`load through r${from}`);
      registers[to] = (words[offset / 4] as number) >>> 0;
    } else if (code === ebpf.MOVE_32) registers[to] = read(from);
    else if (code === ebpf.MOVE_CONSTANT) registers[to] = value;
    else if (code === ebpf.AND_32_CONSTANT) registers[to] = (read(to) & value) >>> 0;
    else if (code === ebpf.SHIFT_RIGHT_32_CONSTANT) registers[to] = read(to) >>> value;
    else if (code === ebpf.JUMP) jump();
    else if (code === ebpf.JUMP_IF_NOT) {
      if (read(to) !== value) jump();
    } else if (code === ebpf.JUMP_IF_BITS) {
      if ((read(to) & value) !== 0) jump();
    } else throw new RangeError(`unknown instruction ${code} at ${position}`);
  }
  throw new RangeError("the program has no end");
}
