import assert from "node:assert/strict";
import { test } from "node:test";
import { formatApiVersion, parseApiVersion } from "./api-version.ts";
import { formatRegistryAuth, parseRegistryAuth } from "./registry-auth.ts";

test("API versions between the oldest and the newest are accepted", () => {
  assert.equal(parseApiVersion("1.24"), 24);
  assert.equal(parseApiVersion("1.55"), 55);
  assert.equal(formatApiVersion(41), "1.41");
  assert.throws(
    () => parseApiVersion("1.23"),
    /client version 1.23 is too old. Minimum supported API version is 1.24/,
  );
  assert.throws(
    () => parseApiVersion("1.56"),
    /client version 1.56 is too new. Maximum supported API version is 1.55/,
  );
  assert.throws(() => parseApiVersion("2.0"), /too new/);
  assert.throws(() => parseApiVersion("x"), /cannot read API version/);
});

test("registry credentials survive the header; anything else is no credentials", () => {
  const auth = { username: "me", password: "p?ss>word~" };
  assert.deepEqual(parseRegistryAuth(formatRegistryAuth(auth)), auth);
  for (const header of [
    undefined,
    "",
    "e30=",
    "bnVsbA==",
    "not base64!",
    Buffer.from("[1]").toString("base64"),
  ]) {
    assert.equal(parseRegistryAuth(header), undefined);
  }
});
