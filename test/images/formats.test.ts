import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { sha256 } from "../../src/base/index.ts";
import {
  buildImage,
  debianProgram,
  ociArchive,
  startRegistry,
  tarArchive,
  writeOciLayout,
} from "../environment/index.ts";
import { assertSameTree, listTree, openStore, requireHelper, run, type TestStore } from "./store.ts";

const server = debianProgram("docker-registry");
const skopeo = debianProgram("skopeo");
const skip = requireHelper() || server.skip || skopeo.skip;

const entries = [
  { path: "etc", type: "directory" as const },
  { path: "etc/large", content: "0123456789abcdef".repeat(20_000) },
  { path: "etc/empty", content: "" },
  { path: "etc/link", type: "symlink" as const, target: "large" },
  { path: "bin", type: "directory" as const },
  { path: "bin/program", content: "#!/bin/sh\n", mode: 0o4755 },
];
/** Layers that are not compressed, so that others compress them. */
const image = buildImage({
  layers: [
    { entries, compression: "none" },
    { entries: [{ path: "b", content: "b" }], compression: "none" },
  ],
});

/** The files of the lowest layer of an image. */
async function lowestTree({ images }: TestStore, name: string): Promise<string[]> {
  const { chainIds } = await images.get(name);
  const { lowers } = await images.prepareContainerSnapshot(`c ${name}`, chainIds.at(-1));
  return await listTree(lowers.at(-1) ?? "");
}

for (const format of ["gzip", "zstd", "zstd:chunked"]) {
  test(`layers that skopeo compresses as ${format} are the same layers`, { skip }, async () => {
    await using registry = await startRegistry();
    await using store = await openStore();
    const layout = join(store.path, "layout");
    await writeOciLayout(layout, { one: image });
    const name = `${registry.host}/packed:1`;
    await run(skopeo.path, [
      ...["--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false"],
      ...["--dest-compress-format", format, `oci:${layout}:one`, `docker://${name}`],
    ]);
    const { image: pulled } = await store.images.pull(name);
    const [layer] = pulled.layers;
    assert.match(layer?.mediaType ?? "", format === "gzip" ? /gzip$/ : /zstd$/);
    const manifest = JSON.parse(
      await readFile(join(store.content, "blobs/sha256", pulled.manifest.digest.slice(7)), "utf8"),
    );
    const isChunked = JSON.stringify(manifest.layers[0].annotations ?? {}).includes("zstd-chunked");
    assert.equal(isChunked, format === "zstd:chunked");
    assert.deepEqual(pulled.config.rootfs.diff_ids, image.diffIds);
    await store.images.load(Readable.from([ociArchive({ "docker.io/library/plain:1": image })]));
    assertSameTree(await lowestTree(store, name), await lowestTree(store, "plain:1"));
  });
}

test("a layer of eStargz is the plain layer that it is", { skip: requireHelper() }, async () => {
  await using store = await openStore();
  const landmark = { path: ".no.prefetch.landmark", content: "\x0f" };
  const toc = { path: "stargz.index.json", content: '{"version":1,"entries":[]}' };
  const archive = tarArchive([landmark, ...entries, toc]);
  const cuts = [0, 1024, 1536, archive.length - 2048, archive.length];
  const members = cuts.slice(1).map((end, index) => gzipSync(archive.subarray(cuts[index], end)));
  // The footer: an empty member that says in its extra field where the table of contents begins.
  const field = Buffer.concat([
    Buffer.from("SG"),
    Buffer.from([22, 0]),
    Buffer.from(`${"0".repeat(16)}STARGZ`),
  ]);
  const header = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, field.length, 0]);
  const footer = Buffer.concat([header, field, Buffer.from([1, 0, 0, 0xff, 0xff]), Buffer.alloc(8)]);
  const blob = Buffer.concat([...members, footer]);
  const packed = withLayer(archive, blob);
  await store.images.load(Readable.from([ociArchive({ "docker.io/library/stargz:1": packed })]));
  const tree = await lowestTree(store, "stargz:1");
  assert.ok(tree.some((line) => line.includes("./etc/large")));
  assert.ok(tree.some((line) => line.includes("./stargz.index.json")));
});

/** An image with one layer that is compressed already. */
function withLayer(archive: Buffer, blob: Buffer): ReturnType<typeof buildImage> {
  const base = buildImage({ layers: [{ entries: [] }] });
  const blobs = new Map<string, Buffer>();
  const put = (mediaType: string, data: Buffer) => {
    blobs.set(sha256(data), data);
    return { mediaType, digest: sha256(data), size: data.length };
  };
  const read = (digest: string) => JSON.parse(String(base.blobs.get(digest)));
  const config = put(
    base.config.mediaType,
    Buffer.from(
      JSON.stringify({
        ...read(base.config.digest),
        rootfs: { type: "layers", diff_ids: [sha256(archive)] },
      }),
    ),
  );
  const layers = [put("application/vnd.oci.image.layer.v1.tar+gzip", blob)];
  const manifest = put(
    base.manifest.mediaType,
    Buffer.from(JSON.stringify({ ...read(base.manifest.digest), config, layers })),
  );
  return {
    ...base,
    manifest,
    manifests: [manifest],
    config,
    layers,
    archives: [archive],
    diffIds: [sha256(archive)],
    blobs,
  };
}
