import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sha256 } from "../../base/index.ts";
import { mediaTypes } from "./constants.ts";
import {
  checkLayoutMarker,
  parseDockerArchive,
  parseImageConfig,
  parseIndex,
  parseManifestDocument,
} from "./parse.ts";

const digest = sha256("x");
const config = { mediaType: mediaTypes.config, digest, size: 3 };
const layer = { mediaType: mediaTypes.layerGzip, digest, size: 7 };
const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer] };
const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [config] };

const bytes = (value: unknown) =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const parse = (value: unknown, mediaType?: string) =>
  parseManifestDocument(bytes(value), "manifest m", mediaType);
const invalid = (message: RegExp) => ({ code: "OCI_IMAGE_INVALID", kind: "invalid", message });

describe("parseManifestDocument", () => {
  it("reads a manifest", () => {
    const read = parse(manifest, mediaTypes.manifest);
    assert.ok(read.kind === "manifest");
    assert.deepEqual(read.manifest, manifest);
  });

  it("reads an index with platforms", () => {
    const platform = { os: "linux", architecture: "arm", variant: "v7" };
    const read = parse({ ...index, manifests: [{ ...config, platform }] });
    assert.ok(read.kind === "index");
    assert.deepEqual(read.index.manifests[0]?.platform, platform);
  });

  it("tells the kind of an OCI document without a media type by its members", () => {
    assert.equal(parse({ ...manifest, mediaType: undefined }).kind, "manifest");
    assert.equal(parse({ ...index, mediaType: undefined }).mediaType, mediaTypes.index);
  });

  it("reads Docker's documents", () => {
    assert.equal(parse({ ...index, mediaType: mediaTypes.dockerList }).kind, "index");
    assert.equal(parse({ ...manifest, mediaType: mediaTypes.dockerManifest }).kind, "manifest");
  });

  it("refuses a document that could be read in two ways (CVE-2021-41190)", () => {
    assert.throws(() => parse({ ...manifest, manifests: [config] }), invalid(/manifest m: \/manifests: /));
    assert.throws(() => parse({ ...index, layers: [layer] }), invalid(/\/layers: /));
    assert.throws(() => parse(manifest, mediaTypes.index), invalid(/announced as/));
  });

  it("names the place of a value that is wrong", () => {
    const cases: [unknown, RegExp][] = [
      [{ ...manifest, config: undefined }, /\/config: it is missing/],
      [
        { ...manifest, layers: [{ ...layer, digest: "sha256:12" }] },
        /\/layers\/0\/digest: expected a sha256/,
      ],
      [
        { ...manifest, layers: [{ ...layer, digest: digest.replace("sha256", "md5") }] },
        /\/layers\/0\/digest/,
      ],
      [{ ...manifest, layers: [{ ...layer, size: -1 }] }, /\/layers\/0\/size: expected >=0, found -1/],
      [{ ...manifest, layers: [{ ...layer, size: 1.5 }] }, /\/layers\/0\/size/],
      [{ ...manifest, layers: {} }, /\/layers: expected Array, found Object/],
      [{ ...manifest, schemaVersion: "2" }, /\/schemaVersion/],
    ];
    for (const [value, message] of cases) assert.throws(() => parse(value), invalid(message));
  });

  it("refuses what is no image", () => {
    assert.throws(() => parse({ schemaVersion: 1, name: "x", fsLayers: [] }), {
      code: "OCI_IMAGE_UNSUPPORTED",
      message: /schema 1/,
    });
    assert.throws(() => parse({ ...manifest, mediaType: "application/vnd.example" }), {
      code: "OCI_IMAGE_UNSUPPORTED",
    });
  });

  it("refuses what is not JSON, too deep or too large", () => {
    for (const data of [
      "",
      "{",
      "[".repeat(100_000),
      '{"a":'.repeat(100) + 1 + "}".repeat(100),
      " ".repeat(5e6),
    ]) {
      assert.throws(() => parse(data), { code: "OCI_IMAGE_JSON" });
    }
    assert.throws(() => parseManifestDocument(new Uint8Array([0x22, 0xff, 0x22]), "m"), {
      code: "OCI_IMAGE_JSON",
    });
  });
});

describe("parseImageConfig", () => {
  it("takes null for absent, as Go writes it", () => {
    const text = {
      architecture: "amd64",
      os: "linux",
      config: { Env: null, Cmd: ["sh"], Labels: null },
      rootfs: { type: "layers", diff_ids: null },
      history: null,
    };
    assert.deepEqual(parseImageConfig(bytes(text), "c"), {
      architecture: "amd64",
      os: "linux",
      config: { Cmd: ["sh"] },
      rootfs: { type: "layers", diff_ids: [] },
    });
  });

  it("refuses an unknown kind of root file system and wrong types", () => {
    const base = { architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } };
    const cases: [unknown, RegExp][] = [
      [{ ...base, rootfs: { type: "other", diff_ids: [] } }, /\/rootfs\/type/],
      [{ ...base, config: { Env: "A=b" } }, /\/config\/Env/],
      [{ ...base, config: { Labels: { a: 1 } } }, /\/config\/Labels\/a/],
      [{ ...base, architecture: undefined }, /\/architecture: it is missing/],
    ];
    for (const [value, message] of cases)
      assert.throws(() => parseImageConfig(bytes(value), "c"), invalid(message));
  });
});

describe("layouts and archives", () => {
  it("reads index.json and refuses other layout versions", () => {
    assert.equal(parseIndex(bytes(index), "index.json").manifests.length, 1);
    checkLayoutMarker(bytes({ imageLayoutVersion: "1.0.0" }), "oci-layout");
    assert.throws(() => checkLayoutMarker(bytes({ imageLayoutVersion: "2.0.0" }), "oci-layout"), {
      code: "OCI_IMAGE_UNSUPPORTED",
    });
  });

  it("reads manifest.json of docker save", () => {
    const image = { Config: "a.json", RepoTags: null, Layers: ["b/layer.tar"] };
    assert.deepEqual(parseDockerArchive(bytes([image]), "manifest.json"), [
      { Config: "a.json", Layers: ["b/layer.tar"] },
    ]);
  });
});
