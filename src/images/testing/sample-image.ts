import { gzipSync } from "node:zlib";
import { type Digest, sha256 } from "../../base/index.ts";
import { type Descriptor, type ImageConfig, mediaTypes } from "../../specs/index.ts";
import { archiveOf, fileNode } from "../../tar/testing/archives.ts";
import type { FakeRegistry } from "./fake-registry.ts";

/** An image for tests: documents as objects, layers as blobs. */
export type SampleImage = {
  manifest: { schemaVersion: 2; mediaType: string; config: Descriptor; layers: Descriptor[] };
  config: ImageConfig;
  /** The configuration and the layers, by digest. */
  blobs: Map<Digest, Buffer>;
  /** Digest of the configuration. */
  id: Digest;
  diffIds: Digest[];
};

export type SampleOptions = {
  /** Files of each layer: path and content. */
  layers?: Record<string, string>[];
  /** Archives of layers, instead. */
  archives?: Buffer[];
  architecture?: string;
  compress?: (data: Buffer) => Buffer;
  config?: Partial<ImageConfig>;
  layerType?: string;
};

/** A layer's archive of small files. */
export function layerArchive(files: Record<string, string>): Buffer {
  return archiveOf(Object.entries(files).map(([path, data]) => ({ node: fileNode(path), data })));
}

export function sampleImage(options: SampleOptions = {}): SampleImage {
  const { architecture = "amd64", compress = gzipSync, layerType = mediaTypes.layerGzip } = options;
  const archives = options.archives ?? (options.layers ?? [{ "etc/name": "sample" }]).map(layerArchive);
  const blobs = new Map<Digest, Buffer>();
  const put = (mediaType: string, data: Buffer): Descriptor => {
    blobs.set(sha256(data), data);
    return { mediaType, digest: sha256(data), size: data.length };
  };
  const diffIds = archives.map((archive) => sha256(archive));
  const layers = archives.map((archive) => put(layerType, compress(archive)));
  const config: ImageConfig = {
    architecture,
    os: "linux",
    config: { Cmd: ["sh"] },
    rootfs: { type: "layers", diff_ids: diffIds },
    ...options.config,
  };
  const descriptor = put(mediaTypes.config, Buffer.from(JSON.stringify(config)));
  const manifest = { schemaVersion: 2 as const, mediaType: mediaTypes.manifest, config: descriptor, layers };
  return { manifest, config, blobs, id: descriptor.digest, diffIds };
}

/** Serves an image under a tag. */
export function serveImage(
  registry: FakeRegistry,
  image: SampleImage,
  tag = "latest",
  repository = "a/b",
): Descriptor {
  for (const data of image.blobs.values()) registry.putBlob(data);
  return registry.putManifest(repository, tag, image.manifest);
}

/** Serves images for several platforms under one tag. */
export function serveIndex(
  registry: FakeRegistry,
  images: readonly SampleImage[],
  tag = "latest",
): Descriptor {
  const manifests = images.map((image, index) => {
    const { architecture, os } = image.config;
    return { ...serveImage(registry, image, `${tag}-${index}`), platform: { os, architecture } };
  });
  return registry.putManifest("a/b", tag, { schemaVersion: 2, mediaType: mediaTypes.index, manifests });
}
