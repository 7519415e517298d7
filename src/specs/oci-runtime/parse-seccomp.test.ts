import assert from "node:assert/strict";
import { test } from "node:test";
import { type LinuxSeccomp, parseSpec, printJson, printSpec } from "./index.ts";

function parse(seccomp: unknown): LinuxSeccomp | undefined {
  const process = { args: ["sh"], cwd: "/" };
  return parseSpec(printJson({ ociVersion: "1.0.0", root: { path: "r" }, process, linux: { seccomp } })).value
    .linux?.seccomp;
}

test("every member is read", () => {
  const seccomp: Required<LinuxSeccomp> = {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 38,
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_SHEB"],
    flags: ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
    listenerPath: "/run/x",
    listenerMetadata: "m",
    syscalls: [
      {
        names: ["clone", "no_such_call"],
        action: "SCMP_ACT_TRACE",
        errnoRet: 65535,
        args: [{ index: 5, value: 18446744073709551615n, valueTwo: 0n, op: "SCMP_CMP_MASKED_EQ" }],
      },
    ],
  };
  assert.deepEqual(parse(seccomp), seccomp);
});

test("a profile that says nothing is no profile, as runc has it", () => {
  assert.equal(parse({}), undefined);
  assert.equal(parse({ defaultAction: "", syscalls: [], architectures: ["SCMP_ARCH_X86"] }), undefined);
});

test("an empty list of flags is not the same as none", () => {
  assert.deepEqual(parse({ defaultAction: "SCMP_ACT_LOG", flags: [] })?.flags, []);
  assert.equal(parse({ defaultAction: "SCMP_ACT_LOG" })?.flags, undefined);
});

const rule = (change: object) => ({
  defaultAction: "SCMP_ACT_ALLOW",
  syscalls: [{ names: ["read"], action: "SCMP_ACT_ERRNO", ...change }],
});
const refused: [string, unknown, string][] = [
  ["a list", [], ": expected an object, found an empty list"],
  [
    "no default action",
    { syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW" }] },
    "/defaultAction: it is missing",
  ],
  [
    "an error number for an action without",
    { defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1 },
    "/defaultErrnoRet: SCMP_ACT_ALLOW returns no error number",
  ],
  [
    "the same in a rule",
    rule({ action: "SCMP_ACT_KILL", errnoRet: 1 }),
    "/syscalls/0/errnoRet: SCMP_ACT_KILL returns no error number",
  ],
  [
    "an error number that the kernel cuts",
    rule({ errnoRet: 4096 }),
    "/syscalls/0/errnoRet: 4096 is too large for SCMP_ACT_ERRNO",
  ],
  [
    "an unknown action",
    rule({ action: "ALLOW" }),
    '/syscalls/0/action: expected one of SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, SCMP_ACT_TRAP, SCMP_ACT_ERRNO, SCMP_ACT_TRACE, SCMP_ACT_ALLOW, SCMP_ACT_LOG, SCMP_ACT_NOTIFY, found text "ALLOW"',
  ],
  [
    "an unknown architecture",
    { defaultAction: "SCMP_ACT_ALLOW", architectures: ["x86"] },
    '/architectures/0: expected a known name, found text "x86"',
  ],
  [
    "an unknown flag",
    { defaultAction: "SCMP_ACT_ALLOW", flags: ["LOG"] },
    '/flags/0: expected one of SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, found text "LOG"',
  ],
  ["a rule for nothing", rule({ names: [] }), "/syscalls/0/names: it is empty"],
  [
    "a seventh argument",
    rule({ args: [{ index: 6, value: 0, op: "SCMP_CMP_EQ" }] }),
    "/syscalls/0/args/0/index: expected an integer from 0 to 5, found number 6",
  ],
  [
    "metadata for nobody",
    { defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "m" },
    "/listenerMetadata: there is no listenerPath",
  ],
];
for (const [name, seccomp, sentence] of refused) {
  test(`${name} is refused`, () =>
    assert.throws(() => parse(seccomp), { message: `cannot use config.json#/linux/seccomp${sentence}` }));
}

test("a configuration is printed with its filter, whatever else it holds", () => {
  const seccomp: LinuxSeccomp = {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [
      {
        names: ["$&", "clone"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, value: 2n ** 63n, op: "SCMP_CMP_EQ" }],
      },
    ],
  };
  const { value } = parseSpec(
    printJson({
      ociVersion: "1.0.0",
      root: { path: "r" },
      process: { args: ["filter"], cwd: "/", user: { uid: 0, gid: 0 } },
      linux: { seccomp },
    }),
  );
  for (const _ of ["printed", "remembered"]) {
    assert.deepEqual(JSON.parse(printSpec(value)), JSON.parse(printJson(value)));
    assert.deepEqual(parseSpec(printSpec(value)).value, value);
  }
  const { linux: __, ...plain } = value;
  assert.equal(printSpec(plain), printJson(plain));
});
