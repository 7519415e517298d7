import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import type { LinuxDeviceCgroup } from "../../src/specs/oci-runtime/index.ts";
import { probeLines } from "../environment/index.ts";
import { container, differs, probe, skip, succeeded, verbs } from "./harness/index.ts";

/** No driver has this number: opening it says ENXIO where the group allows it, EPERM where it does not. */
const nobody = { path: "/dev/nobody", type: "c", major: 1, minor: 200, fileMode: 0o666 } as const;

/** What reading, writing and making the device answer under some rules. */
async function accesses(...rules: LinuxDeviceCgroup[]): Promise<(string | null)[]> {
  const linux = { devices: [nobody], resources: { devices: rules } };
  const words = verbs(
    ["open", nobody.path],
    ["write", nobody.path, "x"],
    ["mknod", "/tmp/node", "c", "1", "200"],
  );
  return (await probe(words, { linux })).map(({ errno }) => errno);
}

const deny = { allow: false, access: "rwm" } as const;
const allow = (access: string, numbers: { major?: number; minor?: number } = { major: 1, minor: 200 }) =>
  ({ allow: true, type: "c", ...numbers, access }) as const;

const cases: readonly (readonly [string, LinuxDeviceCgroup[], (string | null)[]])[] = [
  ["no rule denies", [], ["EPERM", "EPERM", null]],
  ["a rule for all denies", [deny], ["EPERM", "EPERM", null]],
  ["a rule for all allows", [{ allow: true, access: "rwm" }], ["ENXIO", "ENXIO", null]],
  ["a rule allows reading alone", [deny, allow("r")], ["ENXIO", "EPERM", null]],
  ["a rule allows writing alone", [deny, allow("w")], ["EPERM", "ENXIO", null]],
  ["a rule for a major number allows", [deny, allow("rw", { major: 1 })], ["ENXIO", "ENXIO", null]],
  [
    "a rule for another minor number does not count",
    [deny, allow("rw", { major: 1, minor: 201 })],
    ["EPERM", "EPERM", null],
  ],
  [
    "a rule for block devices does not count",
    [deny, { allow: true, type: "b", major: 1, minor: 200, access: "rwm" }],
    ["EPERM", "EPERM", null],
  ],
  ["a later rule wins", [deny, allow("rw"), deny], ["EPERM", "EPERM", null]],
];

for (const [name, rules, wanted] of cases) {
  const allowed = rules.length === 0 && differs({ crun: "without a rule everything is allowed" });
  test(`device rules: ${name}`, { skip: skip || allowed }, async () => {
    assert.deepEqual(await accesses(...rules), wanted);
  });
}

test("device rules: the default devices and the terminals cannot be denied", { skip }, async () => {
  const words = verbs(
    ["write", "/dev/null", "x"],
    ["open", "/dev/zero"],
    ["open", "/dev/urandom"],
    ["open", "/dev/ptmx"],
  );
  const lines = await probe(words, { linux: { resources: { devices: [deny] } } });
  assert.deepEqual(
    lines.map(({ errno }) => errno),
    [null, null, null, null],
  );
});

test("device rules hold for the root of a user namespace too", { skip }, async () => {
  const mappings = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
  await using made = await container({
    args: ["probe", ...verbs(["write", "/dev/null", "x"], ["mknod", "/tmp/x", "c", "1", "3"])],
    linux: {
      namespaces: [{ type: "user" }, { type: "mount" }, { type: "pid" }],
      uidMappings: mappings,
      gidMappings: mappings,
      resources: { devices: [deny] },
    },
  });
  execFileSync("chmod", ["755", made.directory]);
  const lines = probeLines(succeeded(await made.run()).stdout);
  assert.equal(lines[0]?.errno, null);
  assert.notEqual(lines[1]?.errno, null);
});
