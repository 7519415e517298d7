import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  type Fault,
  refuse,
  reply,
  startFakeRegistry,
  truncate,
} from "../../src/images/testing/fake-registry.ts";
import { type SampleImage, sampleImage, serveImage } from "../../src/images/testing/sample-image.ts";
import {
  type BuiltImage,
  buildImage,
  ociArchive,
  type TarEntry,
  tarArchive,
  writeOciLayout,
} from "../environment/index.ts";
import { leavesNothing, needsBox, useEngine } from "./harness/index.ts";

const content = "x".repeat(100_000);
const image = buildImage({ layers: [{ entries: [{ path: "a", content }] }], config: { Cmd: ["/a"] } });
const whole = ociArchive({ "bad:1": image });

/** The archive with one bit of a blob turned. */
function damaged(digest: string | undefined): Buffer {
  const archive = Buffer.from(whole);
  const at = archive.indexOf(image.blobs.get(digest ?? "") ?? "absent") + 20;
  archive[at] = (archive[at] ?? 0) ^ 1;
  return archive;
}

const layerOf = (...entries: TarEntry[]): Buffer =>
  ociArchive({ "bad:1": buildImage({ layers: [{ entries }] }) });
const layout = (index: unknown, version = "1.0.0"): Buffer =>
  tarArchive([
    { path: "oci-layout", content: JSON.stringify({ imageLayoutVersion: version }) },
    { path: "index.json", content: JSON.stringify(index) },
  ]);
const configured = (config: object): Buffer =>
  ociArchive({ "bad:1": buildImage({ layers: [], config: config as BuiltImage["config"] & object }) });
const distrust = /^no builder makes such a layer: do not trust the image$/;
const broken = /^the archive is damaged or was cut off: write it again$/;

const archives: Record<string, readonly [archive: Buffer, sentence: RegExp, hint: RegExp]> = {
  "cut in the middle": [whole.subarray(0, whole.length / 2), /: it ends inside a member$/, broken],
  "cut in the first header": [whole.subarray(0, 100), /: it ends inside a member$/, broken],
  "of no bytes": [
    Buffer.alloc(0),
    /: it has neither index\.json nor manifest\.json$/,
    /^load takes archives of docker save/,
  ],
  "that is a text": [Buffer.from("text\n".repeat(200)), /: the checksum of a header is not octal$/, broken],
  "with a damaged layer": [
    damaged(image.layers[0]?.digest),
    /: cannot store blob sha256:\w+: the bytes that arrived have digest sha256:\w+$/,
    broken,
  ],
  "with a damaged configuration": [damaged(image.config.digest), /: cannot store blob sha256:\w+: /, broken],
  "with a damaged manifest": [damaged(image.manifest.digest), /: cannot store blob sha256:\w+: /, broken],
  "without an image": [
    tarArchive([{ path: "hello", content: "x" }]),
    /: it has neither index\.json nor/,
    /^load takes/,
  ],
  "of a layout to come": [
    layout({}, "9.0.0"),
    /: cannot use oci-layout of the archive: layout version 9\.0\.0 is not known$/,
    /^$/,
  ],
  "with a wrong index": [
    layout({ schemaVersion: 2, manifests: 5 }),
    /: cannot use index\.json of the archive: \/manifests: expected Array, found 5$/,
    /^$/,
  ],
  "whose manifest is missing": [
    layout({ schemaVersion: 2, manifests: [{ ...image.manifest, digest: `sha256:${"a".repeat(64)}` }] }),
    /: cannot use image of the archive: its blob sha256:a+ is missing$/,
    /^$/,
  ],
  "of Docker with wrong types": [
    tarArchive([{ path: "manifest.json", content: '[{"Config": 5}]' }]),
    /: cannot use manifest\.json of the archive: \/0\/Config: expected string, found 5$/,
    /^$/,
  ],
  "of Docker without its files": [
    tarArchive([{ path: "manifest.json", content: '[{"Config": "c.json", "Layers": []}]' }]),
    /: manifest\.json names "c\.json", which is missing$/,
    /^$/,
  ],
  "whose configuration has a wrong type": [
    configured({ Cmd: 5 }),
    /: cannot use configuration sha256:\w+ of \S+\/bad:1: \/config\/Cmd: expected Array, found 5$/,
    /^$/,
  ],
  "with a layer that climbs out by its names": [
    layerOf({ path: "../../etc/evil", content: "x" }),
    /: cannot unpack entry "\.\.\/\.\.\/etc\/evil": the name holds "\.\."$/,
    distrust,
  ],
  "with a layer that climbs out by a link": [
    layerOf(
      { path: "up", type: "symlink", target: "../../../.." },
      { path: "up/etc/evil", content: "x" },
      { path: "l", type: "hardlink", target: "/etc/shadow" },
    ),
    /: cannot unpack entry "l": it is a hard link to a file that the layer does not have$/,
    distrust,
  ],
};

/** A registry's misbehaviour at the addresses that contain a text, and what is said about it. */
type Lie = readonly [part: string, fault: Fault, sentence: RegExp, hint: RegExp];

const sample = sampleImage({ layers: [{ a: content }] });
const [layer] = sample.manifest.layers as [SampleImage["manifest"]["layers"][number]];
const blob = sample.blobs.get(layer.digest) ?? Buffer.alloc(0);
const typed = { "content-type": sample.manifest.mediaType };
const again = /^what arrived is damaged: try again, or another registry$/;

const lies: Record<string, Lie> = {
  "sends other bytes for a layer": [
    layer.digest,
    reply(200, {}, Buffer.alloc(blob.length, 7)),
    /: cannot store blob sha256:\w+: the bytes that arrived have digest sha256:\w+$/,
    again,
  ],
  "sends more than a layer": [
    layer.digest,
    reply(200, {}, Buffer.concat([blob, blob])),
    /: more than its \d+ bytes arrived$/,
    again,
  ],
  "has less than a layer": [
    layer.digest,
    reply(200, {}, blob.subarray(0, 50)),
    /: registry 127\.0\.0\.1:\d+ has 50 bytes for blob sha256:\w+, not \d+$/,
    /^$/,
  ],
  "has no such layer": [
    layer.digest,
    (_, response) => refuse(response, 404, "BLOB_UNKNOWN"),
    /: registry \S+ answered 404 \(BLOB_UNKNOWN: /,
    /^check the name and the tag$/,
  ],
  "sends another configuration": [
    sample.id,
    reply(200, {}, Buffer.alloc(JSON.stringify(sample.config).length, 32)),
    /: cannot store blob sha256:\w+: the bytes that arrived/,
    again,
  ],
  "sends a manifest that is none": [
    "/manifests/",
    reply(200, typed, "hello"),
    /: cannot read manifest sha256:\w+ of \S+: not valid JSON$/,
    /^$/,
  ],
  "sends a manifest with a wrong digest in it": [
    "/manifests/",
    reply(
      200,
      typed,
      JSON.stringify({ ...sample.manifest, config: { ...sample.manifest.config, digest: "sha256:zz" } }),
    ),
    /: cannot use manifest sha256:\w+ of \S+: \/config\/digest: expected a sha256 or sha512 digest$/,
    /^$/,
  ],
  "wants a password": [
    "/v2/",
    (_, response) => refuse(response, 401, "UNAUTHORIZED", { "www-authenticate": 'Basic realm="x"' }),
    /: registry \S+ answered 401$/,
    /log in/,
  ],
};

/** What another attempt may not have: it is tried again before it is said. */
const passing: Record<string, Lie> = {
  "cuts the connection in a layer": [
    layer.digest,
    truncate(blob, 50),
    /: the connection to registry \S+ failed: aborted$/,
    /tug load$/,
  ],
};

describe("bad images are refused with a sentence and leave nothing", { skip: needsBox() }, () => {
  const engine = useEngine();

  const check = (stderr: string, sentence: RegExp, hint: RegExp): void => {
    const [first = "", second = "", ...rest] = stderr.split("\n");
    assert.match(first, /^tug: cannot /);
    assert.match(first, sentence);
    assert.match(second, hint);
    assert.equal(rest.join(""), "");
  };

  for (const [what, [archive, sentence, hint]] of Object.entries(archives)) {
    test(`load: an archive ${what}`, async () => {
      await writeFile(join(engine.directory, "bad.tar"), archive);
      const load = () => engine.tug(["load", "--input", join(engine.directory, "bad.tar")]);
      const { code, stdout, stderr } = await leavesNothing(engine, load);
      assert.deepEqual([code, stdout], [1, ""], stderr);
      assert.match(stderr, /^tug: cannot load the archive: /);
      check(stderr, sentence, hint);
    });
  }

  test("load: a layout in a directory with a damaged layer", async () => {
    const directory = join(engine.directory, "layout");
    await writeOciLayout(directory, { "bad:1": image });
    const path = join(directory, "blobs", (image.layers[0]?.digest ?? "").replace(":", "/"));
    await writeFile(path, (await readFile(path)).fill(7, 20, 30));
    const { code, stderr } = await leavesNothing(engine, () => engine.tug(["load", "--input", directory]));
    assert.equal(code, 1);
    check(stderr, /^tug: cannot load the archive: cannot store blob /, broken);
  });

  for (const [what, lie] of Object.entries({ ...lies, ...passing })) {
    test(`pull: a registry that ${what}`, async () => {
      await using registry = await startFakeRegistry();
      serveImage(registry, sample, "1");
      const [part, fault, sentence, hint] = lie;
      registry.faults.push(
        (request, response) => request.url?.includes(part) === true && fault(request, response),
      );
      const name = `${registry.host}/a/b:1`;
      const run = async () => {
        const result = await engine.tug(["run", "--rm", "--quiet", name]);
        // What has arrived is kept for the next attempt.
        registry.faults.length = 0;
        if (what in passing)
          await engine.tug(["pull", "--quiet", name]).then(() => engine.tug(["rmi", name]));
        return result;
      };
      const { code, stdout, stderr } = await leavesNothing(engine, run);
      assert.deepEqual([code, stdout], [125, ""], stderr);
      assert.match(stderr, /^tug: cannot pull 127\.0\.0\.1:\d+\/a\/b:1: /);
      check(stderr, sentence, hint);
    });
  }

  test("pull by digest: a registry that gives another manifest", async () => {
    await using registry = await startFakeRegistry();
    const { digest } = serveImage(registry, sample, "1");
    registry.faults.push(
      (request, response) =>
        request.url?.includes("/manifests/") === true &&
        reply(200, typed, JSON.stringify({ ...sample.manifest, x: 1 }))(request, response),
    );
    const pull = () => engine.tug(["pull", `${registry.host}/a/b@${digest}`]);
    const { code, stderr } = await leavesNothing(engine, pull);
    assert.equal(code, 1);
    check(stderr, new RegExp(`: registry ${registry.host} gave a manifest that is not ${digest}$`), /^$/);
  });
});
