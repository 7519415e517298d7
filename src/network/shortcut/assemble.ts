import { ebpf, encodeInstructions, type Instruction } from "../../base/index.ts";

/** An instruction, which may jump to a label, or a label. */
export type Line = { readonly label: string } | Jump;

type Jump = Instruction & { readonly go?: string };

/** A program as the kernel takes it: distances in the place of labels. */
export function assemble(lines: readonly Line[]): Uint8Array {
  const labels = new Map<string, number>();
  const code: Jump[] = [];
  for (const line of lines) {
    if ("label" in line) labels.set(line.label, code.length);
    else code.push(line);
  }
  return encodeInstructions(
    code.map(({ go, ...instruction }, index) =>
      go === undefined ? instruction : { ...instruction, offset: distance(labels.get(go), index) },
    ),
  );
}

function distance(target: number | undefined, from: number): number {
  if (target === undefined) throw new Error(`instruction ${from} jumps to a label that is nowhere`);
  return target - from - 1;
}

/** A constant of 64 bits, which takes two instructions. `kind` says whether it is more than a number. */
export function constant(to: number, value: bigint, kind = 0): Line[] {
  const half = (bits: bigint): number => Number(BigInt.asIntN(32, bits));
  return [
    { code: ebpf.LOAD_CONSTANT, to, from: kind, value: half(value) },
    { code: 0, to: 0, value: half(value >> 32n) },
  ];
}

/** Calls a function of the kernel, after what puts its parameters into r1 to r5. */
export function call(name: number, parameters: readonly Line[]): Line[] {
  return [...parameters, { code: ebpf.CALL, to: 0, value: name }];
}
