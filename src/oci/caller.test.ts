import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRoot, isRootless } from "./caller.ts";

const first = { userNamespace: false };
const nested = { userNamespace: true };
const env = { XDG_RUNTIME_DIR: "/run/user/1000" };

test("root's containers are kept in one place, those of others in their runtime directory", () => {
  assert.equal(defaultRoot({ uid: 0, env, facts: first }), "/run/tug-oci");
  assert.equal(defaultRoot({ uid: 1000, env, facts: first }), "/run/user/1000/tug-oci");
  assert.equal(defaultRoot({ uid: 1000, env: {}, facts: first }), "/run/tug-oci");
  assert.equal(defaultRoot({ uid: 1000, env: { XDG_RUNTIME_DIR: "run" }, facts: first }), "/run/tug-oci");
  assert.equal(defaultRoot({ uid: 0, env, facts: nested }), "/run/user/1000/tug-oci");
  assert.equal(defaultRoot({ uid: 0, env: { ...env, USER: "root" }, facts: nested }), "/run/tug-oci");
});

test("--rootless is what it says, or whether the caller is root of the machine", () => {
  assert.equal(isRootless(undefined, { uid: 0, facts: first }), false);
  assert.equal(isRootless("auto", { uid: 1000, facts: first }), true);
  assert.equal(isRootless("auto", { uid: 0, facts: nested }), true);
  assert.equal(isRootless("true", { uid: 0, facts: first }), true);
  assert.equal(isRootless("false", { uid: 1000, facts: first }), false);
  assert.throws(
    () => isRootless("maybe", { uid: 0, facts: first }),
    /invalid value "maybe" for flag -rootless/,
  );
});
