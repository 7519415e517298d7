import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSeccompProfile } from "./seccomp-profile.ts";

const target = { capabilities: ["CAP_CHOWN"], machine: "x86_64", kernel: [6, 1] } as const;

function names(syscalls: unknown): string[] {
  const profile = { defaultAction: "SCMP_ACT_ERRNO", syscalls };
  return (parseSeccompProfile(JSON.stringify(profile), target)?.syscalls ?? []).flatMap((rule) => [
    ...rule.names,
  ]);
}

test("rules are kept or left out by capability, machine and kernel", () => {
  const rule = (name: string, conditions: object) => ({
    names: [name],
    action: "SCMP_ACT_ALLOW",
    ...conditions,
  });
  assert.deepEqual(
    names([
      rule("always", {}),
      rule("has", { includes: { caps: ["CAP_CHOWN"] } }),
      rule("has-not", { includes: { caps: ["CAP_SYS_ADMIN"] } }),
      rule("excluded", { excludes: { caps: ["CAP_CHOWN"] } }),
      rule("here", { includes: { arches: ["amd64", "arm64"] } }),
      rule("elsewhere", { includes: { arches: ["s390x"] } }),
      rule("old", { includes: { minKernel: "4.8" } }),
      rule("new", { includes: { minKernel: "6.10" } }),
    ]),
    ["always", "has", "here", "old"],
  );
});

test("the machine's entry of archMap names the architectures", () => {
  const profile = {
    defaultAction: "SCMP_ACT_ALLOW",
    archMap: [
      { architecture: "SCMP_ARCH_AARCH64", subArchitectures: ["SCMP_ARCH_ARM"] },
      { architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86"] },
    ],
  };
  const { architectures } = parseSeccompProfile(JSON.stringify(profile), target) ?? {};
  assert.deepEqual(architectures, ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]);
});

test("what is no profile is refused with its place", () => {
  assert.throws(() => parseSeccompProfile("[]", target), {
    message: /seccomp profile#: it must be an object/,
  });
  assert.throws(() => names(["x"]), { message: /seccomp profile#\/syscalls\/0/ });
  assert.throws(() => names([{ names: ["x"], action: "ALLOW" }]), { message: /syscalls\/0\/action/ });
});
