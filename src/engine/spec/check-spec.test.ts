import assert from "node:assert/strict";
import { test } from "node:test";
import { TugError } from "../../base/index.ts";
import { defaultSpec } from "../../runtime/index.ts";
import { checkSpec } from "./check-spec.ts";
import { createOrigins, withOrigin } from "./origins.ts";

test("a kernel parameter of the whole machine is refused, with the place that the user wrote", () => {
  const spec = {
    ...defaultSpec(false),
    linux: { ...defaultSpec(false).linux, sysctl: { "kernel.panic": "1" } },
  };
  const origins = createOrigins();
  origins.note("/linux/sysctl", "/HostConfig/Sysctls");
  const told = (() => {
    try {
      return checkSpec(spec);
    } catch (error) {
      return withOrigin(error, origins);
    }
  })();
  assert.ok(told instanceof TugError);
  assert.equal(told.message, "cannot use /HostConfig/Sysctls: kernel.panic belongs to the whole machine");
  assert.equal(told.details.pointer, "/HostConfig/Sysctls");
});

test("a failure at a place that nobody wrote keeps the place", () => {
  const error = new TugError("invalid", "X", "cannot mount /proc (config.json#/mounts/0): busy", {
    details: { from: "/mounts/0" },
  });
  assert.equal(withOrigin(error, createOrigins()), error);
});
