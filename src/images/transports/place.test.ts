import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePlace } from "./place.ts";

describe("parsePlace", () => {
  const places: [text: string, place: object][] = [
    ["debian:12", { transport: "store", name: "debian:12" }],
    ["docker:24", { transport: "store", name: "docker:24" }],
    ["store:oci:1", { transport: "store", name: "oci:1" }],
    [
      "docker://debian",
      { transport: "docker", reference: { domain: "docker.io", path: "library/debian", tag: "latest" } },
    ],
    ["oci:/a/b", { transport: "oci", path: "/a/b", name: undefined }],
    ["oci:/a/b:", { transport: "oci", path: "/a/b", name: undefined }],
    ["oci-archive:/a.tar:x/y:1", { transport: "oci-archive", path: "/a.tar", name: "x/y:1" }],
    ["docker-archive:/a.tar:y:1", { transport: "docker-archive", path: "/a.tar", name: "y:1" }],
    ["dir:/a:b", { transport: "dir", path: "/a:b" }],
    ["docker-daemon:y:1", { transport: "docker-daemon", name: "y:1" }],
  ];
  for (const [text, place] of places) {
    it(`reads ${text}`, () => assert.deepEqual(parsePlace(text), place));
  }

  for (const text of [
    "",
    "oci:",
    "oci:relative",
    "dir:relative",
    "docker-daemon:",
    "store:",
    "docker-archive::x",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parsePlace(text), { code: "IMAGE_PLACE", kind: "invalid" });
    });
  }
});
