import { ebpf, encodeInstructions, type Instruction } from "../../base/index.ts";
import { ALL_ACCESS, type DeviceRule, isComplete } from "./device-rules.ts";
import { cgroupError } from "./errors.ts";

/** More would take the verifier seconds; a rule takes about six. */
const MAX_INSTRUCTIONS = 65_536;

/** r1 is the context on entry; r2 to r5 hold kind, accesses still undecided, major and minor of the request. */
const r = { RESULT: 0, CONTEXT: 1, TYPE: 2, ACCESS: 3, MAJOR: 4, MINOR: 5 } as const;

/** Source: include/uapi/linux/bpf.h BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_DEV_CHAR */
export const deviceTypes = { b: 1, c: 2 } as const;

/**
 * Device rules as a program of type BPF_PROG_TYPE_CGROUP_DEVICE: 8 bytes an instruction, little-endian. It returns 1
 * to allow.
 *
 * The rules are tested from the last to the first. One that allows takes its accesses off the request; the request is
 * allowed when none is left, and denied by the first rule that denies one of those left. So an open for reading and
 * writing is denied if either is: a program of runc or crun lets it through when a rule denies only one, cgroup v1
 * does not.
 *
 * Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#device-controller
 * @throws CGROUP_DEVICES for more rules than a program can hold
 */
export function deviceProgram(rules: readonly DeviceRule[]): Uint8Array {
  const last = rules.findLastIndex(isComplete);
  const blocks = rules.slice(Math.max(last, 0)).reverse().map(block);
  const code = [...readRequest, ...blocks.flat(), ...(last === -1 ? verdict(false) : [])];
  if (code.length > MAX_INSTRUCTIONS) {
    throw cgroupError(
      "DEVICES",
      "cannot use config.json#/linux/resources/devices: there are too many rules",
      {
        hint: `use fewer than ${Math.floor(MAX_INSTRUCTIONS / 8)}`,
      },
    );
  }
  return encodeInstructions(code);
}

/** Source: include/uapi/linux/bpf.h struct bpf_cgroup_dev_ctx: access << 16 | type, major, minor */
const readRequest: readonly Instruction[] = [
  { code: ebpf.LOAD_WORD, to: r.TYPE, from: r.CONTEXT, offset: 0 },
  { code: ebpf.MOVE_32, to: r.ACCESS, from: r.TYPE },
  { code: ebpf.AND_32_CONSTANT, to: r.TYPE, value: 0xffff },
  { code: ebpf.SHIFT_RIGHT_32_CONSTANT, to: r.ACCESS, value: 16 },
  { code: ebpf.LOAD_WORD, to: r.MAJOR, from: r.CONTEXT, offset: 4 },
  { code: ebpf.LOAD_WORD, to: r.MINOR, from: r.CONTEXT, offset: 8 },
];

function verdict(allow: boolean): Instruction[] {
  return [
    { code: ebpf.MOVE_CONSTANT, to: r.RESULT, value: allow ? 1 : 0 },
    { code: ebpf.EXIT, to: 0 },
  ];
}

/** One rule; where it does not decide, control reaches the end of the block. */
function block(rule: DeviceRule): Instruction[] {
  const action = [...accessTest(rule), ...verdict(rule.allow)];
  const tests: [number, number | undefined][] = [
    [r.TYPE, rule.type === "a" ? undefined : deviceTypes[rule.type]],
    [r.MAJOR, rule.major],
    [r.MINOR, rule.minor],
  ];
  const needed = tests.filter(([, value]) => value !== undefined);
  const length = needed.length + action.length;
  const skips = needed.map(([to, value = 0], index) => ({
    code: ebpf.JUMP_IF_NOT,
    to,
    offset: length - index - 1,
    value,
  }));
  return [...skips, ...action];
}

/** The part between the match of a device and the verdict, which has two instructions. */
function accessTest({ allow, access }: DeviceRule): Instruction[] {
  if (access === ALL_ACCESS) return [];
  if (allow) {
    return [
      { code: ebpf.AND_32_CONSTANT, to: r.ACCESS, value: ALL_ACCESS & ~access },
      { code: ebpf.JUMP_IF_NOT, to: r.ACCESS, offset: 2, value: 0 },
    ];
  }
  return [
    { code: ebpf.JUMP_IF_BITS, to: r.ACCESS, offset: 1, value: access },
    { code: ebpf.JUMP, to: 0, offset: 2 },
  ];
}
