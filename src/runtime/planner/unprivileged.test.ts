import assert from "node:assert/strict";
import { test } from "node:test";
import type { Linux, Mount, Process, Spec } from "../../specs/oci-runtime/index.ts";
import { defaultSpec } from "../defaults/index.ts";
import { userNamespaceMaps } from "./id-maps.ts";
import { checkMappedUser, checkUnprivileged } from "./unprivileged.ts";

const caller = { uid: 1000, gid: 1000, newuidmap: undefined, newgidmap: undefined };
const own = [{ containerID: 0, hostID: 1000, size: 1 }];
const range = [...own, { containerID: 1, hostID: 5000, size: 10 }];

type Parts = { linux?: Partial<Linux>; user?: Process["user"]; mounts?: readonly Mount[] };

function spec({ linux = {}, user = { uid: 0, gid: 0 }, mounts = [] }: Parts = {}): Spec {
  const whole = defaultSpec(true);
  return {
    ...whole,
    process: { ...whole.process, user },
    mounts,
    linux: {
      namespaces: [{ type: "mount" }, { type: "user" }],
      uidMappings: own,
      gidMappings: own,
      ...linux,
    },
  };
}

test("a configuration for the caller's own ids is taken", () => {
  checkUnprivileged(spec(), caller);
  checkMappedUser(spec());
  checkMappedUser(spec({ linux: { namespaces: [{ type: "mount" }] }, user: { uid: 7, gid: 7 } }));
});

test("network devices are refused", () => {
  assert.throws(() => checkUnprivileged(spec({ linux: { netDevices: { eth0: {} } } }), caller), {
    code: "CONTAINER_UNPRIVILEGED",
    message:
      "cannot move network device eth0 (config.json#/linux/netDevices/eth0): only root of the network namespace that it is in may",
  });
});

test("a class of service is refused", () => {
  assert.throws(() => checkUnprivileged(spec({ linux: { intelRdt: {} } }), caller), {
    code: "CONTAINER_UNPRIVILEGED",
    message:
      "cannot give the container a class of service (config.json#/linux/intelRdt): only root may write to resctrl",
  });
});

test("what takes a namespace that is not there is refused", () => {
  const without = (type: string) =>
    spec({
      linux: {
        namespaces: ([{ type: "mount" }, { type: "user" }] as const).filter((each) => each.type !== type),
      },
    });
  assert.throws(() => checkUnprivileged(without("user"), caller), {
    code: "CONTAINER_UNPRIVILEGED",
    message:
      "cannot make a container without privileges (config.json#/linux/namespaces): there is no user namespace",
  });
  assert.throws(
    () => checkUnprivileged(without("mount"), caller),
    /cannot mount without privileges .*: there is no mount namespace/,
  );
});

test("further groups take further ids", () => {
  const user = { uid: 0, gid: 0, additionalGids: [1] };
  assert.throws(
    () => checkUnprivileged(spec({ user }), caller),
    /cannot set additional groups \(config\.json#\/process\/user\/additionalGids\)/,
  );
  checkUnprivileged(spec({ user, linux: { gidMappings: range } }), caller);
});

test("a user or group that is not mapped is refused, and so is one of a mount", () => {
  assert.throws(
    () => checkMappedUser(spec({ user: { uid: 7, gid: 0 } })),
    /cannot set uid to 7 \(config\.json#\/process\/user\/uid\): it is not mapped/,
  );
  assert.throws(() => checkMappedUser(spec({ user: { uid: 0, gid: 1 } })), /process\/user\/gid/);
  checkMappedUser(spec({ user: { uid: 10, gid: 1 }, linux: { uidMappings: range, gidMappings: range } }));
  const mounts = [{ destination: "/x", type: "tmpfs", source: "x", options: ["gid=5"] }];
  assert.throws(
    () => checkUnprivileged(spec({ mounts }), caller),
    /cannot mount \/x with gid=5 \(config\.json#\/mounts\/0\): it is not mapped/,
  );
  checkUnprivileged(spec({ mounts, linux: { gidMappings: range } }), caller);
});

test("a mount with ids of its own is refused", () => {
  const mounts = [{ destination: "/x", type: "bind", source: "/tmp", options: ["bind", "idmap"] }];
  assert.throws(
    () => checkUnprivileged(spec({ mounts }), caller),
    /cannot mount \/x with other ids \(config\.json#\/mounts\/0\)/,
  );
});

test("maps of other ids take the programs that may write them", () => {
  const wanted = spec({ linux: { uidMappings: range, gidMappings: range } });
  assert.throws(
    () => userNamespaceMaps(wanted, caller),
    /cannot map other ids than the caller's own \(config\.json#\/linux\/uidMappings\): newuidmap is not there/,
  );
  const programs = { newuidmap: "/u", newgidmap: "/g" };
  const { uidProgram, gidProgram, denySetgroups } = userNamespaceMaps(wanted, { ...caller, ...programs });
  assert.deepEqual([uidProgram, gidProgram, denySetgroups], ["/u", "/g", undefined]);
  const alone = userNamespaceMaps(spec(), caller);
  assert.deepEqual([alone.uidProgram, alone.gidProgram, alone.denySetgroups], [undefined, undefined, 1]);
});
