import assert from "node:assert/strict";
import { test } from "node:test";
import { parseVolumeSpec, type VolumeSpec } from "./volume-spec.ts";

const plain: VolumeSpec = {
  source: undefined,
  kind: "volume",
  target: "/data",
  readOnly: false,
  noCopy: false,
  propagation: undefined,
  relabel: undefined,
};

const accepted: [spec: string, differs: Partial<VolumeSpec>][] = [
  ["/data", {}],
  ["cache:/data", { source: "cache" }],
  ["/srv:/data", { source: "/srv", kind: "bind" }],
  ["./srv:/data:ro", { source: "./srv", kind: "bind", readOnly: true }],
  [
    "/srv:/data:ro,rslave,z",
    { source: "/srv", kind: "bind", readOnly: true, propagation: "rslave", relabel: "z" },
  ],
  ["cache:/data:rw,nocopy", { source: "cache", noCopy: true }],
  ["cache:/data:cached", { source: "cache" }],
];

for (const [spec, differs] of accepted) {
  test(`the volume specification ${spec} is read`, () => {
    assert.deepEqual(parseVolumeSpec(spec), { ...plain, ...differs });
  });
}

const refused: [spec: string, reason: RegExp][] = [
  ["", /part between colons is empty/],
  [":/data", /part between colons is empty/],
  ["a:b:c:d", /more than three parts/],
  ["data", /must be absolute, not "data"/],
  ["/srv:data", /must be absolute, not "data"/],
  ["/srv:/", /must not be \//],
  ["/srv:/data:fast", /unknown option "fast"/],
];

for (const [spec, reason] of refused) {
  test(`the volume specification "${spec}" is refused`, () => {
    assert.throws(() => parseVolumeSpec(spec), reason);
  });
}
