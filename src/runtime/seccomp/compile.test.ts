import assert from "node:assert/strict";
import { test } from "node:test";
import type { LinuxSeccomp, LinuxSyscall } from "../../specs/oci-runtime/index.ts";
import { defaultCapabilities, defaultSeccomp } from "../defaults/index.ts";
import { compileSeccomp } from "./compile.ts";
import { syscallNumbers } from "./syscalls.ts";
import { runFilter } from "./testing/interpreter.ts";

const X86_64 = 0xc000003e;
const I386 = 0x40000003;
const X32 = 0x40000000;
const [ALLOW, EPERM, ENOSYS, KILL, LOG] = [0x7fff0000, 0x50001, 0x50026, 0, 0x7ffc0000];

/** Runs a profile on x86_64 for a call given by name. */
function outcome(profile: LinuxSeccomp, name: string, ...args: bigint[]): number {
  const nr = syscallNumbers("x86_64").get(name) as number;
  return runFilter(compileSeccomp(profile, "x86_64").program, { nr, arch: X86_64, args }).value;
}

const profile = (...syscalls: LinuxSyscall[]): LinuxSeccomp => ({
  defaultAction: "SCMP_ACT_ERRNO",
  syscalls,
});
const allow = (name: string, ...args: NonNullable<LinuxSyscall["args"]>): LinuxSyscall => ({
  names: [name],
  action: "SCMP_ACT_ALLOW",
  args,
});

test("a filter without rules returns its default action for every call", () => {
  const { program } = compileSeccomp({ defaultAction: "SCMP_ACT_LOG" }, "x86_64");
  for (const nr of [0, 1, 500, 0xffffffff])
    assert.equal(runFilter(program, { nr, arch: X86_64, args: [] }).value, LOG);
});

test("an architecture that is not listed kills, x32 included, but not a call that a tracer skipped", () => {
  const { program } = compileSeccomp(profile(allow("read")), "x86_64");
  const run = (nr: number, arch: number) => runFilter(program, { nr, arch, args: [] }).value;
  assert.equal(run(3, I386), KILL);
  assert.equal(run(X32, X86_64), KILL);
  assert.equal(run(0xfffffffe, X86_64), KILL);
  assert.equal(run(0xffffffff, X86_64), EPERM);
  assert.equal(run(0, X86_64), ALLOW);
});

test("calls newer than the profile say ENOSYS, older ones that it does not name take the default action", () => {
  const close = profile(allow("close_range"));
  assert.equal(outcome(close, "read"), EPERM);
  assert.equal(outcome(close, "openat2"), ENOSYS);
  assert.equal(outcome({ ...close, defaultAction: "SCMP_ACT_KILL_PROCESS" }, "openat2"), ENOSYS);
  for (const defaultAction of ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"] as const) {
    assert.notEqual(outcome({ ...close, defaultAction }, "openat2"), ENOSYS);
  }
});

test("a name counts as known to the profile even where its rule says nothing new", () => {
  const denied: LinuxSyscall = { names: ["openat2"], action: "SCMP_ACT_ERRNO" };
  assert.equal(outcome(profile(allow("read"), denied), "openat2"), EPERM);
});

test("every action returns its value and data", () => {
  const returned = (action: LinuxSyscall["action"], errnoRet?: number) =>
    outcome(profile({ names: ["read"], action, ...(errnoRet !== undefined && { errnoRet }) }), "read");
  assert.equal(returned("SCMP_ACT_KILL_PROCESS"), 0x80000000);
  assert.equal(returned("SCMP_ACT_KILL_THREAD"), 0);
  assert.equal(returned("SCMP_ACT_KILL"), 0);
  assert.equal(returned("SCMP_ACT_TRAP"), 0x30000);
  assert.equal(returned("SCMP_ACT_ERRNO", 38), 0x50026);
  assert.equal(returned("SCMP_ACT_ERRNO", 0), 0x50000);
  assert.equal(returned("SCMP_ACT_TRACE"), 0x7ff00001);
  assert.equal(returned("SCMP_ACT_TRACE", 0xffff), 0x7ff0ffff);
  assert.equal(returned("SCMP_ACT_LOG"), LOG);
  assert.equal(returned("SCMP_ACT_NOTIFY"), 0x7fc00000);
  assert.equal(outcome({ ...profile(allow("write")), defaultErrnoRet: 13 }, "read"), 0x5000d);
});

test("a rule without conditions beats those with some, in any order; the first of two wins", () => {
  const some = allow("clone", { index: 0, value: 1n, op: "SCMP_CMP_EQ" });
  const log: LinuxSyscall = { names: ["clone"], action: "SCMP_ACT_LOG" };
  assert.equal(outcome(profile(some, log), "clone", 1n), LOG);
  assert.equal(outcome(profile(log, some), "clone", 1n), LOG);
  assert.equal(outcome(profile(log, allow("clone")), "clone"), LOG);
});

test("one argument twice means either, as under runc", () => {
  const either = allow(
    "clone",
    { index: 0, value: 1n, op: "SCMP_CMP_EQ" },
    { index: 0, value: 5n, op: "SCMP_CMP_EQ" },
    { index: 1, value: 9n, op: "SCMP_CMP_EQ" },
  );
  for (const [args, value] of [
    [[1n], ALLOW],
    [[5n], ALLOW],
    [[2n, 9n], ALLOW],
    [[2n, 8n], EPERM],
  ] as const) {
    assert.equal(outcome(profile(either), "clone", ...args), value);
  }
});

test("of overlapping rules the narrower decides, as in libseccomp", () => {
  const rule = (
    op: "SCMP_CMP_EQ" | "SCMP_CMP_LT" | "SCMP_CMP_GT",
    value: bigint,
    errnoRet: number,
  ): LinuxSyscall => ({
    names: ["clone"],
    action: "SCMP_ACT_ERRNO",
    errnoRet,
    args: [{ index: 0, value, op }],
  });
  const rules = [
    rule("SCMP_CMP_GT", 5n, 10),
    rule("SCMP_CMP_LT", 100n, 11),
    rule("SCMP_CMP_LT", 50n, 12),
    rule("SCMP_CMP_EQ", 20n, 13),
  ];
  for (const order of [rules, rules.toReversed()]) {
    const errno = (value: bigint) => outcome(profile(...order), "clone", value) & 0xffff;
    assert.deepEqual([20n, 21n, 60n, 200n].map(errno), [13, 12, 11, 10]);
  }
});

test("equal conditions with different actions are refused with both places", () => {
  const args = [{ index: 0, value: 1n, op: "SCMP_CMP_EQ" }] as const;
  const rules = profile(allow("read"), allow("clone", ...args), {
    names: ["clone"],
    action: "SCMP_ACT_LOG",
    args,
  });
  assert.throws(() => compileSeccomp(rules, "x86_64"), {
    code: "SECCOMP_CONFLICT",
    message:
      "cannot use config.json#/linux/seccomp/syscalls/2: it asks for another action than /linux/seccomp/syscalls/1 under the same condition",
  });
});

test("i386 reaches sockets through socketcall, and the rule goes with it", () => {
  const deny: LinuxSyscall = { names: ["socket"], action: "SCMP_ACT_ERRNO" };
  const listed = { architectures: ["SCMP_ARCH_X86" as const] };
  const run = (rules: LinuxSeccomp, ...args: bigint[]) =>
    runFilter(compileSeccomp({ ...rules, ...listed }, "x86_64").program, { nr: 102, arch: I386, args }).value;
  const open = { defaultAction: "SCMP_ACT_ALLOW" as const };
  assert.equal(run({ ...open, syscalls: [deny] }, 1n), EPERM);
  assert.equal(run({ ...open, syscalls: [deny] }, 2n), ALLOW);
  const vsock = { ...deny, args: [{ index: 0, value: 40n, op: "SCMP_CMP_EQ" as const }] };
  assert.equal(
    run({ ...open, syscalls: [vsock] }, 1n),
    EPERM,
    "the family cannot be seen, so all are refused",
  );
  assert.equal(run(profile(allow("socket")), 1n), ALLOW);
  const unix = allow("socket", { index: 0, value: 1n, op: "SCMP_CMP_EQ" });
  assert.equal(run(profile(unix), 1n), EPERM, "permission for one family is not permission for all");
  assert.equal(run(profile(unix, allow("socketcall")), 1n), ALLOW);
});

test("a call that i386 has only through socketcall makes socketcall known", () => {
  const rules = { ...profile(allow("recv"), allow("read")), architectures: ["SCMP_ARCH_X86" as const] };
  const { program } = compileSeccomp(rules, "x86_64");
  const run = (nr: number, ...args: bigint[]) => runFilter(program, { nr, arch: I386, args }).value;
  assert.deepEqual(
    [run(102, 10n), run(102, 9n), run(3), run(4), run(103)],
    [ALLOW, EPERM, ALLOW, EPERM, ENOSYS],
  );
});

test("i386 reaches System V objects through ipc, whatever its version bits", () => {
  const deny: LinuxSeccomp = {
    defaultAction: "SCMP_ACT_ALLOW",
    architectures: ["SCMP_ARCH_X86"],
    syscalls: [{ names: ["shmget"], action: "SCMP_ACT_ERRNO" }],
  };
  const { program } = compileSeccomp(deny, "x86_64");
  const run = (call: bigint) => runFilter(program, { nr: 117, arch: I386, args: [call] }).value;
  assert.deepEqual([23n, 0x10017n, 24n].map(run), [EPERM, EPERM, ALLOW]);
});

test("arm's own calls do not make every number between known", () => {
  const arm = defaultSeccomp({ capabilities: [], machine: "aarch64", kernel: [6, 1] });
  const { program } = compileSeccomp(arm, "aarch64");
  const run = (nr: number) => runFilter(program, { nr, arch: 0x40000028, args: [] }).value;
  assert.deepEqual([0xf0005, 0xf0006, 9999, 3].map(run), [ALLOW, EPERM, ENOSYS, ALLOW]);
});

test("names that nobody knows are reported once", () => {
  const { unknown } = compileSeccomp(
    profile(allow("read"), allow("swapcontext"), allow("swapcontext")),
    "x86_64",
  );
  assert.deepEqual(unknown, ["swapcontext"]);
});

test("flags are those of the profile, SPEC_ALLOW where it has none", () => {
  const flags = (...names: NonNullable<LinuxSeccomp["flags"]>) =>
    compileSeccomp({ ...profile(), flags: names }, "x86_64").flags;
  assert.equal(compileSeccomp(profile(), "x86_64").flags, 4);
  assert.equal(flags(), 0);
  assert.equal(flags("SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"), 2);
  assert.equal(flags("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"), 0);
});

test("a notifying filter asks for a listener", () => {
  const notify: LinuxSyscall = { names: ["mknod"], action: "SCMP_ACT_NOTIFY" };
  const flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" as const];
  const filter = compileSeccomp({ ...profile(notify), flags }, "x86_64");
  assert.deepEqual([filter.notify, filter.flags], [true, 8 | 32]);
  assert.throws(() => compileSeccomp({ defaultAction: "SCMP_ACT_NOTIFY" }, "x86_64"), {
    code: "SECCOMP_NOTIFY",
    message: /#\/linux\/seccomp\/defaultAction: /,
  });
  assert.throws(() => compileSeccomp(profile(allow("read"), { ...notify, names: ["write"] }), "x86_64"), {
    code: "SECCOMP_NOTIFY",
    message: /#\/linux\/seccomp\/syscalls\/1: /,
  });
});

test("a filter that is too long for the kernel is refused", () => {
  const rules = Array.from({ length: 3000 }, (_, index) =>
    allow(
      "ioctl",
      { index: 1, value: BigInt(index), op: "SCMP_CMP_EQ" },
      { index: 2, value: BigInt(index), op: "SCMP_CMP_NE" },
    ),
  );
  assert.throws(() => compileSeccomp(profile(...rules), "x86_64"), {
    code: "SECCOMP_TOO_LONG",
    message: /^cannot use config.json#\/linux\/seccomp: .* the kernel takes 4096$/,
  });
});

test("jumps across more than 255 instructions work", () => {
  const rules = Array.from({ length: 150 }, (_, index) =>
    allow(
      "ioctl",
      { index: 1, value: BigInt(index * 7) << 31n, op: "SCMP_CMP_EQ" },
      { index: 2, value: BigInt(index), valueTwo: 4n, op: "SCMP_CMP_MASKED_EQ" },
    ),
  );
  const { program } = compileSeccomp(profile(...rules, allow("close_range"), allow("read")), "x86_64");
  assert.ok(program.length / 8 > 600);
  const run = (nr: number, ...args: bigint[]) => runFilter(program, { nr, arch: X86_64, args }).value;
  assert.deepEqual([run(0), run(1), run(436), run(437)], [ALLOW, EPERM, ALLOW, ENOSYS]);
  for (let index = 0; index < 150; index++) {
    const first = BigInt(index * 7) << 31n;
    assert.equal(run(16, 0n, first, 4n), ALLOW, `rule ${index}`);
    assert.equal(run(16, 0n, first, 3n), index & 7 ? EPERM : ALLOW, `rule ${index}`);
  }
});

test("the default filter is small and decides quickly", () => {
  for (const [machine, arch] of [
    ["x86_64", X86_64],
    ["aarch64", 0xc00000b7],
  ] as const) {
    const rules = defaultSeccomp({ capabilities: defaultCapabilities, machine, kernel: [6, 18] });
    const { program } = compileSeccomp(rules, machine);
    const steps = Array.from({ length: 470 }, (_, nr) => runFilter(program, { nr, arch, args: [] }).steps);
    assert.ok(program.length / 8 < 260, `${machine}: ${program.length / 8} instructions`);
    assert.ok(Math.max(...steps) <= 20, `${machine}: ${Math.max(...steps)} steps`);
  }
});
