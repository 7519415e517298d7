import assert from "node:assert/strict";
import { test } from "node:test";
import type { LinuxSeccomp } from "../../specs/oci-runtime/index.ts";
import { capabilityMask } from "../capabilities.ts";
import { defaultCapabilities } from "./container.ts";
import { callsByCapability, commonCalls } from "./seccomp-calls.ts";
import { defaultSeccomp } from "./seccomp-profile.ts";

const profile = (capabilities: readonly string[], kernel: [number, number] = [6, 18]) =>
  defaultSeccomp({ capabilities, kernel, machine: "x86_64" });

/** Names that may be called whatever their arguments are. */
function allowed({ syscalls }: LinuxSeccomp): Set<string> {
  const free = (syscalls ?? []).filter(
    ({ action, args }) => action === "SCMP_ACT_ALLOW" && args === undefined,
  );
  return new Set(free.flatMap(({ names }) => names));
}

test("no call is listed twice, every capability is known", () => {
  assert.equal(new Set(commonCalls).size, commonCalls.length);
  assert.deepEqual(capabilityMask(Object.keys(callsByCapability)).unknown, []);
});

test("the default container has 360 common calls, tracing, chroot and two of the machine", () => {
  const calls = allowed(profile(defaultCapabilities));
  assert.equal(commonCalls.length, 360);
  assert.equal(calls.size, 360 + 3 + 1 + 2);
  for (const name of ["mount", "unshare", "bpf", "keyctl", "socket", "clone", "clone3", "io_uring_setup"]) {
    assert.ok(!calls.has(name), name);
  }
});

test("a capability unlocks its calls", () => {
  for (const [capability, calls] of Object.entries(callsByCapability)) {
    const without = allowed(profile([], [4, 7]));
    const more = [...allowed(profile([capability], [4, 7]))].filter((name) => !without.has(name));
    assert.deepEqual(more.sort(), [...calls].sort(), capability);
  }
});

test("clone is free only for those who may make namespaces", () => {
  const about = (capabilities: string[]) =>
    profile(capabilities).syscalls?.filter(
      ({ names }) => names.some((name) => name.startsWith("clone")) && names.length === 1,
    );
  assert.deepEqual(about(["CAP_SYS_ADMIN"]), []);
  assert.equal(about([])?.length, 2);
});

test("tracing needs a kernel that checks calls after the tracer", () => {
  assert.ok(allowed(profile([], [4, 8])).has("ptrace"));
  assert.ok(!allowed(profile([], [4, 7])).has("ptrace"));
  assert.ok(!allowed(profile([], [3, 10])).has("ptrace"));
});

test("each machine has its architectures and calls", () => {
  const arm = defaultSeccomp({ capabilities: [], kernel: [6, 1], machine: "aarch64" });
  assert.deepEqual(arm.architectures, ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]);
  assert.ok(allowed(arm).has("set_tls"));
  assert.ok(!allowed(arm).has("arch_prctl"));
  assert.deepEqual(profile([]).architectures, ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]);
});
