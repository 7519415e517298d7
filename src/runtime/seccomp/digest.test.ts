import assert from "node:assert/strict";
import { test } from "node:test";
import type { LinuxSeccomp } from "../../specs/oci-runtime/index.ts";
import { seccompDigest } from "./digest.ts";

const profile: LinuxSeccomp = {
  defaultAction: "SCMP_ACT_ERRNO",
  syscalls: [
    { names: ["clone"], action: "SCMP_ACT_ALLOW", args: [{ index: 0, value: 1n << 63n, op: "SCMP_CMP_EQ" }] },
  ],
};

test("equal profiles have equal digests, whoever listens", () => {
  const same = { ...structuredClone(profile), listenerPath: "/run/agent" };
  assert.equal(seccompDigest(profile, "x86_64"), seccompDigest(same, "x86_64"));
  assert.match(seccompDigest(profile, "x86_64"), /^sha256:[0-9a-f]{64}$/);
});

test("whatever changes the program or its flags changes the digest", () => {
  const [rule] = profile.syscalls ?? [];
  const others: LinuxSeccomp[] = [
    { ...profile, defaultAction: "SCMP_ACT_KILL" },
    { ...profile, defaultErrnoRet: 1 },
    { ...profile, architectures: ["SCMP_ARCH_X86"] },
    { ...profile, flags: [] },
    { ...profile, syscalls: [{ ...(rule as NonNullable<typeof rule>), args: [] }] },
    { ...profile, syscalls: [] },
  ];
  const digests = [profile, ...others].map((each) => seccompDigest(each, "x86_64"));
  assert.equal(new Set([...digests, seccompDigest(profile, "aarch64")]).size, others.length + 2);
});
