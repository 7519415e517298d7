import assert from "node:assert/strict";
import { test } from "node:test";
import type { LinuxDeviceCgroup } from "../../specs/oci-runtime/index.ts";
import { defaultDeviceRules } from "../defaults/index.ts";
import { legacyDeviceWrites } from "./device-lines.ts";
import { deviceProgram } from "./device-program.ts";
import { access, containerDeviceRules, type DeviceRule } from "./device-rules.ts";
import { legacyGroupAllows } from "./testing/device-group.ts";
import { type DeviceRequest, runDeviceProgram } from "./testing/device-interpreter.ts";

const { MKNOD, READ, WRITE } = access;

/** What the rules say, access by access: the last rule that matches decides. */
function decide(rules: readonly DeviceRule[], request: DeviceRequest): boolean {
  const bits = [MKNOD, READ, WRITE].filter((bit) => request.access & bit);
  return bits.every(
    (bit) =>
      rules.findLast(
        ({ type, major, minor, access: mask }) =>
          (type === "a" || type === request.type) &&
          (major === undefined || major === request.major) &&
          (minor === undefined || minor === request.minor) &&
          mask & bit,
      )?.allow ?? false,
  );
}

const rulesOf = (devices: readonly LinuxDeviceCgroup[]) => containerDeviceRules({ resources: { devices } });
const char = (major: number, minor: number, bits: number): DeviceRequest => ({
  type: "c",
  major,
  minor,
  access: bits,
});

test("docker's default rules on v1, line by line", () => {
  const lines = legacyDeviceWrites(rulesOf(defaultDeviceRules)).map(({ file, value }) => `${file} ${value}`);
  assert.deepEqual(lines, [
    "devices.deny a",
    "devices.allow c 1:5 rwm",
    "devices.allow c 1:3 rwm",
    "devices.allow c 1:9 rwm",
    "devices.allow c 1:8 rwm",
    "devices.allow c 5:0 rwm",
    "devices.allow c 5:1 rwm",
    "devices.allow c *:* m",
    "devices.allow b *:* m",
    "devices.allow c 1:7 rwm",
    "devices.allow c 136:* rwm",
    "devices.allow c 5:2 rwm",
    "devices.allow c 10:200 rwm",
  ]);
});

test("the default container may use null, make any node and not read a disk", () => {
  const program = deviceProgram(rulesOf(defaultDeviceRules));
  assert.ok(runDeviceProgram(program, char(1, 3, READ | WRITE)));
  assert.ok(runDeviceProgram(program, { type: "b", major: 8, minor: 0, access: MKNOD }));
  assert.ok(!runDeviceProgram(program, { type: "b", major: 8, minor: 0, access: READ }));
  assert.ok(!runDeviceProgram(program, char(10, 229, READ)), "fuse");
});

test("a configuration without rules leaves the runtime's own", () => {
  for (const linux of [undefined, {}, { resources: {} }]) {
    const rules = containerDeviceRules(linux);
    assert.ok(runDeviceProgram(deviceProgram(rules), char(1, 3, READ)));
    assert.ok(!runDeviceProgram(deviceProgram(rules), char(10, 229, READ)));
    assert.equal(legacyDeviceWrites(rules)[0]?.value, "a");
  }
});

test("everything allowed is two instructions after reading the request, and one line", () => {
  const rules = rulesOf([{ allow: true, access: "rwm" }]);
  const open = rules.slice(0, 1);
  assert.equal(deviceProgram(open).length / 8, 6 + 2);
  assert.deepEqual(
    legacyDeviceWrites(rules).map(({ file, value }) => `${file} ${value}`),
    ["devices.allow a"],
  );
});

test("a node in the place of a default one takes its rule away", () => {
  const rules = containerDeviceRules({ devices: [{ path: "/dev/null", type: "c", major: 5, minor: 9 }] });
  assert.ok(!runDeviceProgram(deviceProgram(rules), char(1, 3, READ)));
});

test("a denied write denies opening for both", () => {
  const rules = rulesOf([
    { allow: true, access: "rwm" },
    { allow: false, type: "c", major: 10, minor: 1, access: "w" },
  ]);
  const program = deviceProgram(rules);
  assert.deepEqual(
    [READ, WRITE, READ | WRITE].map((bits) => runDeviceProgram(program, char(10, 1, bits))),
    [true, false, false],
  );
});

test("a rule for all kinds with numbers is about those numbers only", () => {
  const rules = rulesOf([{ allow: true, type: "a", major: 9, minor: 1, access: "r" }]);
  for (const type of ["b", "c"] as const) {
    assert.ok(runDeviceProgram(deviceProgram(rules), { type, major: 9, minor: 1, access: READ }));
    assert.ok(!runDeviceProgram(deviceProgram(rules), { type, major: 9, minor: 2, access: READ }));
  }
  assert.deepEqual(
    legacyDeviceWrites(rules)
      .slice(1, 3)
      .map(({ value }) => value),
    ["b 9:1 r", "c 9:1 r"],
  );
});

test("numbers that no device has are left out", () => {
  const rules = rulesOf([{ allow: true, type: "c", major: 4096, minor: 0, access: "r" }]);
  assert.equal(rules.length, containerDeviceRules({}).length);
});

test("a hole in a wider rule is an error on v1 with both places, and works on v2", () => {
  const rules = rulesOf([
    { allow: true, type: "c", major: 10, access: "rw" },
    { allow: false, type: "c", major: 10, minor: 229, access: "r" },
  ]);
  assert.throws(() => legacyDeviceWrites(rules), {
    code: "CGROUP_DEVICES",
    message:
      "cannot use config.json#/linux/resources/devices/1: cgroup v1 cannot take a part away from the rule at /linux/resources/devices/0",
  });
  assert.ok(!runDeviceProgram(deviceProgram(rules), char(10, 229, READ)));
  assert.ok(runDeviceProgram(deviceProgram(rules), char(10, 228, READ)));
});

test("too many rules are an error", () => {
  const one = { allow: true, type: "c", major: 1, minor: 2, access: "r" } as const;
  assert.throws(() => deviceProgram(rulesOf(Array(20_000).fill(one))), { code: "CGROUP_DEVICES" });
});

test("programs and lines do what the rules say, for random rules", () => {
  let state = 1;
  const below = (most: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  const number = () => (below(3) === 0 ? undefined : below(3));
  const numbers = () => {
    const [major, minor] = [number(), number()];
    return { ...(major !== undefined && { major }), ...(minor !== undefined && { minor }) };
  };
  let expressible = 0;
  for (let round = 0; round < 600; round++) {
    const rules = Array.from({ length: below(7) }, (_, index): DeviceRule => {
      const complete = below(5) === 0;
      return {
        allow: below(2) === 1,
        type: complete ? "a" : (["a", "b", "c"] as const)[below(3)]!,
        ...(complete ? {} : numbers()),
        access: complete ? 7 : 1 + below(7),
        from: `/${index}`,
      };
    });
    const program = deviceProgram(rules);
    const writes = (() => {
      try {
        return legacyDeviceWrites(rules);
      } catch {
        return undefined;
      }
    })();
    if (writes !== undefined) expressible += 1;
    for (let index = 0; index < 126; index++) {
      const request: DeviceRequest = {
        type: index % 2 ? "b" : "c",
        major: Math.floor(index / 2) % 3,
        minor: Math.floor(index / 6) % 3,
        access: 1 + (Math.floor(index / 18) % 7),
      };
      const expected = decide(rules, request);
      const told = JSON.stringify({ rules, request });
      assert.equal(runDeviceProgram(program, request), expected, told);
      if (writes === undefined) continue;
      const single = [MKNOD, READ, WRITE].some((bit) => bit === request.access);
      const allowed = legacyGroupAllows(writes, request);
      if (single) assert.equal(allowed, expected, told);
      else assert.ok(!allowed || expected, told);
    }
  }
  assert.ok(expressible > 300, `${expressible} of 600 can be written to v1`);
});
