import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type LinuxSeccomp,
  type LinuxSeccompArg,
  type LinuxSyscall,
  printJson,
  seccompActions,
  seccompOperators,
} from "../../specs/oci-runtime/index.ts";
import type { Machine } from "./architectures.ts";
import { compileSeccomp } from "./compile.ts";
import { multiplexedCalls, syscallNumbers } from "./syscalls.ts";
import { evaluateProfile } from "./testing/evaluate.ts";
import { type CallData, runFilter } from "./testing/interpreter.ts";

/** A repeatable source of choices. Source: the mulberry32 generator */
function choices(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  const below = (most: number) => next() % most;
  return { below, of: <T>(list: readonly T[]): T => list[below(list.length)] as T };
}

type Choices = ReturnType<typeof choices>;

const machines = {
  x86_64: { columns: ["x86_64", "x86", "x32"], archs: [0xc000003e, 0x40000003, 0x1234] },
  aarch64: { columns: ["aarch64", "arm"], archs: [0xc00000b7, 0x40000028, 0xc000003e] },
} as const;

const interesting = [
  0n,
  1n,
  2n,
  38n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x1ffffffffn,
  (1n << 63n) + 5n,
  (1n << 64n) - 1n,
];

const namesOf = (machine: Machine) =>
  [...new Set(machines[machine].columns.flatMap((column) => [...syscallNumbers(column).keys()]))].filter(
    (name) => !multiplexedCalls.has(name) && !["socketcall", "ipc", "write"].includes(name),
  );

function randomArg(pick: Choices): LinuxSeccompArg {
  return {
    index: pick.below(6),
    op: pick.of(seccompOperators),
    value: pick.of(interesting),
    valueTwo: pick.of(interesting),
  };
}

const actions = seccompActions.filter((action) => action !== "SCMP_ACT_NOTIFY");

/** Rules with conditions have one action per profile, because the order of overlapping ones is tested elsewhere. */
function randomProfile(pick: Choices, machine: Machine): LinuxSeccomp {
  const names = namesOf(machine);
  const few = Array.from({ length: 1 + pick.below(40) }, () => pick.of(names));
  const conditional = pick.of(actions);
  const entry = (): LinuxSyscall => {
    const args = Array.from({ length: pick.below(4) }, () => randomArg(pick));
    const list = Array.from({ length: 1 + pick.below(12) }, () => pick.of(few));
    return {
      names: [...list, "no_such_call"],
      action: args.length > 0 ? conditional : pick.of(actions),
      args,
    };
  };
  return {
    defaultAction: pick.of(actions),
    architectures: (["SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_ARM", "SCMP_ARCH_MIPS"] as const).filter(
      () => pick.below(2),
    ),
    syscalls: Array.from({ length: pick.below(25) }, entry),
  };
}

function randomCall(pick: Choices, profile: LinuxSeccomp, machine: Machine): CallData {
  const { columns, archs } = machines[machine];
  const rule = pick.of(profile.syscalls ?? []);
  const column = pick.of(columns);
  const named = syscallNumbers(column).get(pick.of(rule?.names ?? ["read"])) ?? 0;
  const near = (named + pick.of([0, 0, 0, 1, -1])) >>> 0;
  const nr = pick.of([near, near, near, pick.below(480), 0xf0001, 0xffffffff, 0x3fffffff, 0x7fffffff]);
  const around = [
    ...interesting,
    ...(rule?.args ?? []).flatMap(({ value, valueTwo = 0n }) => [value, value + 1n, value - 1n, valueTwo]),
  ];
  const args = Array.from({ length: 6 }, () => BigInt.asUintN(64, pick.of(around)));
  return { nr: column === "x32" ? (nr | 0x40000000) >>> 0 : nr, arch: pick.of([archs[0], ...archs]), args };
}

for (const machine of ["x86_64", "aarch64"] as const) {
  test(`compiled filters do what the profile says, ${machine}`, () => {
    for (let seed = 0; seed < 250; seed++) {
      const pick = choices(seed);
      const profile = randomProfile(pick, machine);
      const { program } = compileSeccomp(profile, machine);
      for (let count = 0; count < 80; count++) {
        const call = randomCall(pick, profile, machine);
        const [actual, expected] = [runFilter(program, call).value, evaluateProfile(profile, machine, call)];
        assert.equal(actual, expected, `seed ${seed}: ${printJson({ call, profile })}`);
      }
    }
  });
}
