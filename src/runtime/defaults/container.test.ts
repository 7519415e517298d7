import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSpec, printJson, type Spec } from "../../specs/oci-runtime/index.ts";
import { capabilityMask } from "../capabilities.ts";
import {
  allDevices,
  defaultCapabilities,
  defaultDeviceRules,
  defaultMaskedPaths,
  defaultMounts,
  defaultNamespaces,
  defaultReadonlyPaths,
  defaultSeccomp,
  runtimeDeviceRules,
  runtimeDevices,
} from "./index.ts";

test("the capabilities are the mask that docker's containers show in /proc/self/status", () => {
  assert.deepEqual(capabilityMask(defaultCapabilities), { mask: 0xa80425fbn, unknown: [] });
});

test("the default container passes the reader of configurations", () => {
  const spec: Spec = {
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    process: { args: ["sh"], cwd: "/", user: { uid: 0, gid: 0 } },
    mounts: defaultMounts,
    linux: {
      namespaces: defaultNamespaces,
      maskedPaths: defaultMaskedPaths,
      readonlyPaths: defaultReadonlyPaths,
      devices: allDevices([]),
      resources: { devices: [...defaultDeviceRules, ...runtimeDeviceRules] },
      seccomp: defaultSeccomp({ capabilities: defaultCapabilities, machine: "x86_64", kernel: [6, 18] }),
    },
  };
  assert.deepEqual(parseSpec(printJson(spec)), { value: spec, warnings: [] });
});

test("a configured device replaces the default one at its path", () => {
  const own = { path: "/dev/null", type: "c", major: 1, minor: 5 } as const;
  const devices = allDevices([own, { path: "/dev/fuse", type: "c", major: 10, minor: 229 }]);
  assert.deepEqual(
    devices.map(({ path }) => path),
    ["/dev/random", "/dev/full", "/dev/tty", "/dev/zero", "/dev/urandom", "/dev/null", "/dev/fuse"],
  );
  assert.equal(devices[5], own);
  assert.equal(runtimeDevices.length, 6);
});
