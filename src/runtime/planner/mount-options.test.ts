import assert from "node:assert/strict";
import { test } from "node:test";
import { mountAttributes as m, propagationFlags as p } from "../../plan/index.ts";
import { knownMountOptions, parseMountOptions } from "./mount-options.ts";

test("options are sorted by who acts on them", () => {
  const options = parseMountOptions([
    "rbind",
    "ro",
    "nosuid",
    "rnodev",
    "rslave",
    "size=1m",
    "tmpcopyup",
    "defaults",
  ]);
  assert.equal(options.bind, "recursive");
  assert.deepEqual(options.own, { set: m.RDONLY | m.NOSUID, clear: 0 });
  assert.deepEqual(options.recursive, { set: m.NODEV, clear: 0 });
  assert.deepEqual(options.propagation, [{ type: p.SLAVE, recursive: true }]);
  assert.deepEqual(options.data, ["size=1m"]);
  assert.equal(options.copyUp, true);
});

test("a later option wins over an earlier one", () => {
  assert.deepEqual(parseMountOptions(["ro", "rw"]).own, { set: 0, clear: m.RDONLY });
  assert.deepEqual(parseMountOptions(["rw", "ro"]).own, { set: m.RDONLY, clear: 0 });
});

test("atime modes exclude each other", () => {
  assert.deepEqual(parseMountOptions(["noatime", "strictatime"]).own, { set: m.STRICTATIME, clear: 0x70 });
  assert.deepEqual(parseMountOptions(["relatime"]).own, { set: 0, clear: 0x70 });
});

test("rw is the opposite of ro and not a recursive w", () => {
  assert.deepEqual(parseMountOptions(["rw"]).own, { set: 0, clear: m.RDONLY });
  assert.deepEqual(parseMountOptions(["rrw"]).recursive, { set: 0, clear: m.RDONLY });
});

test("an empty option asks for nothing", () => {
  assert.deepEqual(parseMountOptions(["nosuid", ""]), parseMountOptions(["nosuid"]));
});

test("every known option is understood", () => {
  const understood = knownMountOptions().filter((option) => parseMountOptions([option]).data.length === 0);
  assert.deepEqual(understood, knownMountOptions());
});
