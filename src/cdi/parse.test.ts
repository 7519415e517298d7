import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseCdiSpec } from "./parse.ts";

const device = { name: "one", containerEdits: { env: ["A=1"] } };
const plain = { cdiVersion: "0.3.0", kind: "vendor.com/device", devices: [device] };
const withEdits = (edits: object, cdiVersion = "1.1.0") =>
  JSON.stringify({ ...plain, cdiVersion, containerEdits: edits });
const parse = (text: string) => parseCdiSpec(text, "/etc/cdi/x.json");

describe("files that describe devices", () => {
  test("JSON and YAML give the same, and numbers in YAML that begin with 0 are octal", () => {
    assert.deepEqual(parse(JSON.stringify(plain)), plain);
    const yaml = `
cdiVersion: "0.3.0"
kind: vendor.com/device
devices:
- name: one
  containerEdits:
    deviceNodes:
    - path: /dev/one
      fileMode: 0660
`;
    assert.deepEqual(parse(yaml).devices[0]?.containerEdits, {
      deviceNodes: [{ path: "/dev/one", fileMode: 0o660 }],
    });
  });

  const everything = {
    env: ["A=1", "B="],
    deviceNodes: [
      {
        path: "/dev/a",
        hostPath: "/dev/b",
        type: "c",
        major: 1,
        minor: 3,
        fileMode: 438,
        permissions: "rw",
        uid: 1,
        gid: 2,
      },
      { path: "/dev/n", permissions: "none" },
    ],
    netDevices: [{ hostInterfaceName: "eth7", name: "eth1" }],
    mounts: [{ hostPath: "/a", containerPath: "/b", type: "none", options: ["ro", "bind"] }],
    hooks: [{ hookName: "createContainer", path: "/bin/true", args: ["true"], env: ["X=1"], timeout: 3 }],
    intelRdt: { closID: "x", schemata: ["L3:0=f"], enableMonitoring: true },
    additionalGids: [0, 44],
  };

  test("everything that version 1.1.0 has is read", () => {
    assert.deepEqual(parse(withEdits(everything)).containerEdits, everything);
  });

  const needed: [edits: object, version: string][] = [
    [{ mounts: [{ hostPath: "/a", containerPath: "/b", type: "none" }] }, "0.4.0"],
    [{ deviceNodes: [{ path: "/dev/a", hostPath: "/dev/b" }] }, "0.5.0"],
    [{ additionalGids: [1] }, "0.7.0"],
    [{ intelRdt: { closID: "x" } }, "0.7.0"],
    [{ intelRdt: { schemata: [] } }, "1.1.0"],
    [{ netDevices: [{ hostInterfaceName: "a", name: "b" }] }, "1.1.0"],
  ];
  for (const [edits, version] of needed) {
    test(`${JSON.stringify(edits)} needs version ${version}`, () => {
      assert.ok(parse(withEdits(edits, version)));
      assert.throws(() => parse(withEdits(edits, "0.3.0")), {
        code: "CDI_SPEC",
        message: new RegExp(`#/cdiVersion: it must be at least ${version.replaceAll(".", "\\.")}`),
      });
    });
  }

  const refused: [what: string, text: string, sentence: RegExp][] = [
    ["no YAML", "{", /^cannot use \/etc\/cdi\/x\.json#: /],
    ["nothing", "", /expected Object, found null/],
    ["a key twice", '{"kind": "a/b", "kind": "a/c"}', /#: the key "kind" is there twice in one map/],
    ["a key twice within", 'devices: [{name: a, "name": b}]', /#: the key "name" is there twice in one map/],
    ["several documents", "a: 1\n---\na: 2\n", /multiple documents/],
    ["many aliases", `a: &a [1,1]\nb: &b [${"*a,".repeat(9)}*a]\nc: [${"*b,".repeat(9)}*b]`, /alias/],
    ["very many aliases", `a: &a 1\nb:\n${"- *a\n".repeat(101)}`, /more than 100 aliases/],
    [
      "an unknown version",
      withEdits({}, "2.0.0"),
      /#\/cdiVersion: "2\.0\.0" is not one of 0\.1\.0 to 1\.1\.0/,
    ],
    ["an unknown member", JSON.stringify({ ...plain, kinds: "x" }), /#\/kinds: no such member is known/],
    ["no devices", JSON.stringify({ ...plain, devices: [] }), /#\/devices: it describes no device/],
    [
      "a device twice",
      JSON.stringify({ ...plain, devices: [device, device] }),
      /#\/devices\/1\/name: one is already given at \/devices\/0/,
    ],
    [
      "a kind without class",
      JSON.stringify({ ...plain, kind: "vendor.com" }),
      /#\/kind: it does not look like/,
    ],
    [
      "a kind with three parts",
      JSON.stringify({ ...plain, kind: "a/b/c" }),
      /#\/kind: it does not look like/,
    ],
    [
      "a name with an equals sign",
      JSON.stringify({ ...plain, devices: [{ name: "a=b" }] }),
      /#\/devices\/0\/name: it is no name/,
    ],
    [
      "a relative path",
      withEdits({ deviceNodes: [{ path: "dev/a" }] }),
      /#\/containerEdits\/deviceNodes\/0\/path: /,
    ],
    [
      "an unknown type",
      withEdits({ deviceNodes: [{ path: "/a", type: "x" }] }),
      /deviceNodes\/0\/type: expected/,
    ],
    [
      "permissions",
      withEdits({ deviceNodes: [{ path: "/a", permissions: "x" }] }),
      /0\/permissions: it is not made/,
    ],
    ["a variable", withEdits({ env: ["=x"] }), /#\/containerEdits\/env\/0: it does not look like NAME=VALUE/],
    ["a hook", withEdits({ hooks: [{ hookName: "later", path: "/x" }] }), /hooks\/0\/hookName: expected/],
    [
      "a timeout",
      withEdits({ hooks: [{ hookName: "poststop", path: "/x", timeout: 0 }] }),
      /hooks\/0\/timeout: /,
    ],
    [
      "a mount without source",
      withEdits({ mounts: [{ containerPath: "/x" }] }),
      /mounts\/0\/hostPath: it is missing/,
    ],
    ["NUL", withEdits({ env: ["A=\0"] }), /env\/0: it holds a NUL character/],
    ["too large a number", withEdits({ additionalGids: [2 ** 32] }), /additionalGids\/0: /],
    ["too long a list", withEdits({ env: Array(10_001).fill("A=1") }), /env: it has more than 10000 entries/],
  ];
  for (const [what, text, sentence] of refused) {
    test(`refuses ${what}`, () => {
      assert.throws(() => parse(text), { code: "CDI_SPEC", message: sentence });
    });
  }

  test("takes time linear in the length of a file with very many keys", () => {
    const annotations = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, "v"]));
    const text = JSON.stringify({ ...plain, cdiVersion: "1.1.0", annotations });
    assert.deepEqual(parse(text).annotations, annotations);
  });
});
