import assert from "node:assert/strict";
import { test } from "node:test";
import { fullReference, splitReference, taggedReference } from "./reference.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;

const references: [written: string, full: string, tagged: string][] = [
  ["debian", "docker.io/library/debian:latest", "debian:latest"],
  ["debian:12", "docker.io/library/debian:12", "debian:12"],
  ["me/box", "docker.io/me/box:latest", "me/box:latest"],
  ["localhost/box", "localhost/box:latest", "localhost/box:latest"],
  ["localhost:5000/a/b", "localhost:5000/a/b:latest", "localhost:5000/a/b:latest"],
  ["quay.io/a/b:1", "quay.io/a/b:1", "quay.io/a/b:1"],
  [`debian@${DIGEST}`, `docker.io/library/debian@${DIGEST}`, `debian@${DIGEST}`],
];

for (const [written, full, tagged] of references) {
  test(`${written} is ${full}`, () => {
    assert.equal(fullReference(written), full);
    assert.equal(taggedReference(written), tagged);
  });
}

test("a repository is told from what follows it", () => {
  assert.deepEqual(splitReference("localhost:5000/a"), { name: "localhost:5000/a", suffix: "" });
  assert.deepEqual(splitReference(`a:1@${DIGEST}`), { name: "a", suffix: `:1@${DIGEST}` });
});
