import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sha256 } from "../base/index.ts";
import { annotations, type Descriptor, type Index } from "../specs/index.ts";
import {
  chooseManifest,
  formatPlatform,
  hostPlatform,
  parsePlatform,
  runnablePlatforms,
  runsOn,
} from "./platform.ts";

const host = { os: "linux", architecture: "amd64" };
const spelled = (text: string) => formatPlatform(parsePlatform(text, host));
const runnable = (text: string) => runnablePlatforms(parsePlatform(text, host)).map(formatPlatform);

function indexOf(...platforms: (string | undefined)[]): Index {
  const manifests = platforms.map((text): Descriptor => {
    const [os = "", architecture = "", variant] = text?.split("/") ?? [];
    const platform = { os, architecture, ...(variant !== undefined && { variant }) };
    return { mediaType: "m", digest: sha256(text ?? ""), size: 1, ...(text !== undefined && { platform }) };
  });
  return { schemaVersion: 2, manifests };
}

function chosen(index: Index, platform: string): string {
  const { platform: found } = chooseManifest(index, parsePlatform(platform, host), "image x");
  return found === undefined ? "unspecified" : formatPlatform(found);
}

describe("parsePlatform", () => {
  const spellings: Record<string, string> = {
    "linux/x86_64": "linux/amd64",
    "Linux/AMD64/v1": "linux/amd64",
    "linux/aarch64": "linux/arm64",
    "linux/arm64/v8": "linux/arm64",
    "linux/arm": "linux/arm/v7",
    "linux/armhf": "linux/arm/v7",
    "linux/arm/6": "linux/arm/v6",
    arm64: "linux/arm64",
    windows: "windows/amd64",
    "linux/riscv64": "linux/riscv64",
  };
  for (const [text, expected] of Object.entries(spellings)) {
    it(`takes ${text} for ${expected}`, () => assert.equal(spelled(text), expected));
  }

  it("refuses other forms", () => {
    for (const text of ["", "linux/", "a/b/c/d", "linux/amd 64", "../x"]) {
      assert.throws(() => parsePlatform(text, host), { code: "IMAGE_PLATFORM_SYNTAX", kind: "invalid" });
    }
  });

  it("knows this machine", () => {
    assert.equal(formatPlatform(hostPlatform("x64")), "linux/amd64");
    assert.equal(formatPlatform(hostPlatform("s390x")), "linux/s390x");
  });
});

describe("runnablePlatforms", () => {
  it("steps down the variants, then to 32 bits", () => {
    assert.deepEqual(runnable("linux/amd64"), ["linux/amd64", "linux/386"]);
    assert.deepEqual(runnable("linux/amd64/v3"), [
      "linux/amd64/v3",
      "linux/amd64/v2",
      "linux/amd64",
      "linux/386",
    ]);
    assert.deepEqual(runnable("linux/arm/v7"), ["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]);
    assert.deepEqual(runnable("linux/arm64"), [
      "linux/arm64",
      "linux/arm/v8",
      "linux/arm/v7",
      "linux/arm/v6",
      "linux/arm/v5",
    ]);
    assert.deepEqual(runnable("linux/arm64/v9").slice(0, 4), [
      "linux/arm64/v9",
      "linux/arm64/v8.5",
      "linux/arm64/v8.4",
      "linux/arm64/v8.3",
    ]);
    assert.deepEqual(runnable("linux/ppc64le"), ["linux/ppc64le"]);
  });
});

describe("chooseManifest", () => {
  it("takes the best match wherever it stands", () => {
    const index = indexOf("linux/386", "linux/arm/v6", "linux/amd64", "linux/arm/v7");
    assert.equal(chosen(index, "linux/amd64"), "linux/amd64");
    assert.equal(chosen(index, "linux/arm/v7"), "linux/arm/v7");
    assert.equal(chosen(index, "linux/arm64"), "linux/arm/v7");
  });

  it("takes an image without a platform only if nothing matches", () => {
    assert.equal(chosen(indexOf(undefined, "linux/amd64"), "linux/amd64"), "linux/amd64");
    assert.equal(chosen(indexOf(undefined, "linux/arm64"), "linux/amd64"), "unspecified");
  });

  it("never takes an attestation", () => {
    const { manifests } = indexOf("linux/amd64");
    const attestation = {
      ...manifests[0]!,
      annotations: { [annotations.referenceType]: "attestation-manifest" },
    };
    const index: Index = {
      schemaVersion: 2,
      manifests: [attestation, ...indexOf("unknown/unknown").manifests],
    };
    assert.throws(() => chosen(index, "linux/amd64"), { code: "IMAGE_PLATFORM" });
  });

  it("says what there is when nothing matches", () => {
    assert.throws(() => chosen(indexOf("windows/amd64", "linux/arm/v7"), "linux/amd64"), {
      code: "IMAGE_PLATFORM",
      kind: "notFound",
      message: "cannot use image x: it has no image for linux/amd64",
      hint: "it has images for windows/amd64, linux/arm/v7",
    });
  });
});

describe("runsOn", () => {
  it("tells whether an image suits a platform", () => {
    assert.equal(runsOn({ os: "linux", architecture: "386" }, host), true);
    assert.equal(runsOn({ os: "linux", architecture: "arm64" }, host), false);
  });
});
