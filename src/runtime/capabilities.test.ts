import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allCapabilities,
  capabilityMask,
  capabilityNames,
  grantCapabilities,
  namesOfMask,
} from "./capabilities.ts";

test("bits are the kernel's", () => {
  const known = {
    CAP_CHOWN: 0,
    CAP_SETPCAP: 8,
    CAP_NET_ADMIN: 12,
    CAP_SYS_ADMIN: 21,
    CAP_SETFCAP: 31,
    CAP_BPF: 39,
  };
  for (const [name, bit] of Object.entries(known))
    assert.equal(capabilityMask([name]).mask, 1n << BigInt(bit), name);
  assert.equal(capabilityNames.length, 41);
  assert.equal(allCapabilities, 0x1ffffffffffn);
});

test("names and masks turn into each other", () => {
  for (let bit = 0; bit < 41; bit++) {
    const names = namesOfMask(1n << BigInt(bit));
    assert.deepEqual(capabilityMask(names), { mask: 1n << BigInt(bit), unknown: [] });
  }
  assert.deepEqual(namesOfMask(allCapabilities), [...capabilityNames]);
  assert.deepEqual(namesOfMask(1n << 41n), []);
});

test("unknown names are listed, not guessed", () => {
  const { mask, unknown } = capabilityMask(["CAP_KILL", "cap_kill", "KILL", "CAP_TIME_TRAVEL"]);
  assert.equal(mask, 1n << 5n);
  assert.deepEqual(unknown, ["cap_kill", "KILL", "CAP_TIME_TRAVEL"]);
});

test("what the caller lacks is refused by name and the rest granted", () => {
  const available = allCapabilities & ~capabilityMask(["CAP_SYS_RESOURCE"]).mask;
  const names = ["CAP_KILL", "CAP_SYS_RESOURCE"];
  const { masks, refused } = grantCapabilities(
    { bounding: names, permitted: names, effective: names },
    available,
  );
  assert.deepEqual(refused, ["CAP_SYS_RESOURCE"]);
  assert.deepEqual(masks, { bounding: 32n, permitted: 32n, effective: 32n, inheritable: 0n, ambient: 0n });
});

test("sets that the kernel would refuse are cut", () => {
  const wanted = {
    bounding: ["CAP_CHOWN", "CAP_KILL"],
    permitted: ["CAP_CHOWN", "CAP_SETUID"],
    effective: ["CAP_CHOWN", "CAP_KILL"],
    inheritable: ["CAP_CHOWN", "CAP_SETGID"],
    ambient: ["CAP_CHOWN", "CAP_SETUID", "CAP_X"],
  };
  const { masks, refused, unknown } = grantCapabilities(wanted, allCapabilities);
  assert.deepEqual(namesOfMask(masks.effective), ["CAP_CHOWN"]);
  assert.deepEqual(namesOfMask(masks.inheritable), ["CAP_CHOWN"]);
  assert.deepEqual(namesOfMask(masks.ambient), ["CAP_CHOWN"]);
  assert.deepEqual(refused, ["CAP_KILL", "CAP_SETGID", "CAP_SETUID"]);
  assert.deepEqual(unknown, ["CAP_X"]);
});

test("no sets are no capabilities", () => {
  const masks = { bounding: 0n, permitted: 0n, effective: 0n, inheritable: 0n, ambient: 0n };
  assert.deepEqual(grantCapabilities({}, allCapabilities), { masks, unknown: [], refused: [] });
});
