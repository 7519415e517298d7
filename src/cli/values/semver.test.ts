import assert from "node:assert/strict";
import { test } from "node:test";
import { parseVersionTest } from "./semver.ts";

const tags = [
  "0.1.9",
  "0.2.3",
  "1.0.0-rc.1",
  "1.0.0",
  "1.2.3",
  "v1.2.9",
  "1.10.0",
  "2.0.0",
  "3",
  "latest",
  "3-alpine",
];

const cases: [text: string, fitting: string[]][] = [
  [">= 1.2.9", ["v1.2.9", "1.10.0", "2.0.0", "3"]],
  ["> 1.2.3, < 2", ["v1.2.9", "1.10.0"]],
  ["~1.2", ["1.2.3", "v1.2.9"]],
  ["~1.2.4", ["v1.2.9"]],
  ["^1.2.3", ["1.2.3", "v1.2.9", "1.10.0"]],
  ["^0.1.2", ["0.1.9"]],
  ["1.2.x || 3", ["1.2.3", "v1.2.9", "3"]],
  ["=2.0.0", ["2.0.0"]],
  ["!=1.2, <3, >=1", ["1.0.0", "1.10.0", "2.0.0"]],
  ["<= 1.2", ["0.1.9", "0.2.3", "1.0.0", "1.2.3", "v1.2.9"]],
  ["> 1", ["2.0.0", "3"]],
  [">=1.0.0-rc.0 <1.0.0", ["1.0.0-rc.1"]],
  ["*", ["0.1.9", "0.2.3", "1.0.0", "1.2.3", "v1.2.9", "1.10.0", "2.0.0", "3"]],
];

for (const [text, fitting] of cases) {
  test(`"${text}" fits the versions that it should`, () => {
    const fits = parseVersionTest(text);
    assert.ok(fits);
    assert.deepEqual(tags.filter(fits), fitting);
  });
}

for (const text of ["", "latest", ">= ", "1.2.3 and more", "=> 1"]) {
  test(`"${text}" is no test for versions`, () => assert.equal(parseVersionTest(text), undefined));
}
