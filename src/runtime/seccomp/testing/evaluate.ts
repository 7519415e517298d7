import type { LinuxSeccomp, LinuxSeccompArg, LinuxSyscall } from "../../../specs/oci-runtime/index.ts";
import type { Machine } from "../architectures.ts";
import { syscallNumbers } from "../syscalls.ts";
import type { CallData } from "./interpreter.ts";

const AUDIT = { x86_64: 0xc000003e, x86: 0x40000003, aarch64: 0xc00000b7, arm: 0x40000028 };
const KILL_THREAD = 0;
const ENOSYS = 0x00050026;
const X32_BIT = 0x40000000;

type Column = "x86_64" | "x86" | "x32" | "aarch64" | "arm";

/**
 * What a profile says about one call, worked out from the profile itself, entry by entry. It knows nothing of
 * multiplexed calls and takes overlapping rules in the order in which they stand.
 */
export function evaluateProfile(
  profile: LinuxSeccomp,
  machine: Machine,
  { nr, arch, args }: CallData,
): number {
  const column = machine === "x86_64" ? columnOnX86(profile, arch, nr) : columnOnArm(profile, arch);
  if (column === undefined) return KILL_THREAD;
  const fallback = value(profile.defaultAction, profile.defaultErrnoRet);
  if (nr === 0xffffffff && column === "x86_64") return fallback;
  const number = column === "x32" ? nr - X32_BIT : nr;
  const table = syscallNumbers(column);
  const entries = profile.syscalls ?? [];
  const ordinary = entries
    .flatMap(({ names }) => names.map((name) => table.get(name) ?? -1))
    .filter((each) => each < 0xf0000);
  const highest = Math.max(-1, ...ordinary);
  const permissive = ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"].includes(profile.defaultAction);
  const isPrivate = column === "arm" && number >= 0xf0000;
  if (!permissive && highest >= 0 && number > highest && !isPrivate) return ENOSYS;
  const meant = entries.filter(
    (entry) =>
      entry.names.some((name) => table.get(name) === number) &&
      value(entry.action, entry.errnoRet) !== fallback,
  );
  const always = meant.find((entry) => isUnconditional(entry, column));
  const chosen = always ?? meant.find((entry) => matches(entry, args, column));
  return chosen === undefined ? fallback : value(chosen.action, chosen.errnoRet);
}

function columnOnArm({ architectures = [] }: LinuxSeccomp, arch: number): Column | undefined {
  if (arch === AUDIT.arm && architectures.includes("SCMP_ARCH_ARM")) return "arm";
  return arch === AUDIT.aarch64 ? "aarch64" : undefined;
}

function columnOnX86({ architectures = [] }: LinuxSeccomp, arch: number, nr: number): Column | undefined {
  if (arch === AUDIT.x86 && architectures.includes("SCMP_ARCH_X86")) return "x86";
  if (arch !== AUDIT.x86_64) return undefined;
  if (nr < X32_BIT) return "x86_64";
  if (architectures.includes("SCMP_ARCH_X32")) return "x32";
  return nr === 0xffffffff ? "x86_64" : undefined;
}

function value(action: LinuxSyscall["action"], errno = 1): number {
  switch (action) {
    case "SCMP_ACT_KILL_PROCESS":
      return 0x80000000;
    case "SCMP_ACT_KILL":
    case "SCMP_ACT_KILL_THREAD":
      return 0;
    case "SCMP_ACT_TRAP":
      return 0x30000;
    case "SCMP_ACT_ERRNO":
      return 0x50000 + errno;
    case "SCMP_ACT_NOTIFY":
      return 0x7fc00000;
    case "SCMP_ACT_TRACE":
      return 0x7ff00000 + errno;
    case "SCMP_ACT_LOG":
      return 0x7ffc0000;
    case "SCMP_ACT_ALLOW":
      return 0x7fff0000;
  }
}

function width(column: Column): bigint {
  return column === "x86_64" || column === "aarch64" ? 64n : 32n;
}

function isUnconditional({ args: tests = [] }: LinuxSyscall, column: Column): boolean {
  const results = tests.map((test) => isTrivial(test, column));
  return repeats(tests) ? results.some(Boolean) : results.every(Boolean);
}

/** Comparisons of an argument that comes twice are alternatives. */
function repeats(tests: readonly LinuxSeccompArg[]): boolean {
  return new Set(tests.map(({ index }) => index)).size < tests.length;
}

function isTrivial({ op, value: mask }: LinuxSeccompArg, column: Column): boolean {
  return op === "SCMP_CMP_MASKED_EQ" && BigInt.asUintN(Number(width(column)), mask) === 0n;
}

function matches({ args: tests = [] }: LinuxSyscall, args: readonly bigint[], column: Column): boolean {
  const results = tests.map((test) => compare(test, args[test.index] ?? 0n, column));
  return repeats(tests) ? results.some(Boolean) : results.every(Boolean);
}

function compare(
  { op, value: first, valueTwo = 0n }: LinuxSeccompArg,
  argument: bigint,
  column: Column,
): boolean {
  const cut = (each: bigint) => BigInt.asUintN(Number(width(column)), each);
  const [actual, wanted] = [cut(argument), cut(first)];
  switch (op) {
    case "SCMP_CMP_EQ":
      return actual === wanted;
    case "SCMP_CMP_NE":
      return actual !== wanted;
    case "SCMP_CMP_LT":
      return actual < wanted;
    case "SCMP_CMP_LE":
      return actual <= wanted;
    case "SCMP_CMP_GT":
      return actual > wanted;
    case "SCMP_CMP_GE":
      return actual >= wanted;
    case "SCMP_CMP_MASKED_EQ":
      return (actual & wanted) === (cut(valueTwo) & wanted);
  }
}
