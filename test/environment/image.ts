import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type TarEntry, tarArchive } from "./tar.ts";

/** A small image to be made. Whatever is not given is as an ordinary image builder would have it. */
export type ImageFixture = {
  readonly layers: readonly LayerFixture[];
  /** The `config` object of the image's configuration: Cmd, Env, User, WorkingDir, Labels ... */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly architecture?: string;
  readonly variant?: string;
  /** OCI's media types, or those of Docker's manifest version 2, schema 2. */
  readonly format?: "oci" | "docker";
};

export type LayerFixture = {
  readonly entries: readonly TarEntry[];
  /** A finished tar archive in place of the entries. */
  readonly archive?: Buffer;
  /** Default gzip. */
  readonly compression?: "none" | "gzip" | "zstd";
};

export type Descriptor = {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { os: string; architecture: string; variant?: string };
  annotations?: Record<string, string>;
};

/** An image as bytes: the descriptor of its manifest, and every blob by digest, the manifest among them. */
export type BuiltImage = {
  readonly manifest: Descriptor;
  /** All manifests among the blobs, that of an index last. */
  readonly manifests: readonly Descriptor[];
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  /** The uncompressed layers and their digests. */
  readonly archives: readonly Buffer[];
  readonly diffIds: readonly string[];
  readonly blobs: ReadonlyMap<string, Buffer>;
};

const oci = "application/vnd.oci.image";
const docker = "application/vnd.docker";
const ociTypes = {
  manifest: `${oci}.manifest.v1+json`,
  index: `${oci}.index.v1+json`,
  config: `${oci}.config.v1+json`,
  layers: { none: `${oci}.layer.v1.tar`, gzip: `${oci}.layer.v1.tar+gzip`, zstd: `${oci}.layer.v1.tar+zstd` },
};
const mediaTypes = {
  oci: ociTypes,
  docker: {
    manifest: `${docker}.distribution.manifest.v2+json`,
    index: `${docker}.distribution.manifest.list.v2+json`,
    config: `${docker}.container.image.v1+json`,
    layers: {
      none: `${docker}.image.rootfs.diff.tar`,
      gzip: `${docker}.image.rootfs.diff.tar.gzip`,
      zstd: `${docker}.image.rootfs.diff.tar.zstd`,
    },
  },
};

const compress = {
  none: (tar: Buffer) => tar,
  gzip: (tar: Buffer) => gzipSync(tar, { level: 1 }),
  zstd: (tar: Buffer) => zstdCompressSync(tar),
};

/** Makes an image; the same fixture gives the same digests. */
export function buildImage(fixture: ImageFixture): BuiltImage {
  const types = mediaTypes[fixture.format ?? "oci"];
  const blobs = new Map<string, Buffer>();
  const add = (mediaType: string, bytes: Buffer): Descriptor => {
    const digest = sha256(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const archives = fixture.layers.map(({ archive, entries }) => archive ?? tarArchive(entries));
  const layers = fixture.layers.map((layer, index) => {
    const compression = layer.compression ?? "gzip";
    return add(types.layers[compression], compress[compression](archives[index] as Buffer));
  });
  const diffIds = archives.map(sha256);
  const platform = {
    os: "linux",
    architecture: fixture.architecture ?? (process.arch === "x64" ? "amd64" : process.arch),
    ...(fixture.variant === undefined ? {} : { variant: fixture.variant }),
  };
  const config = add(
    types.config,
    json({
      created: "1970-01-01T00:00:00Z",
      ...platform,
      config: fixture.config ?? {},
      rootfs: { type: "layers", diff_ids: diffIds },
      history: layers.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: "test" })),
    }),
  );
  const manifest = {
    ...add(types.manifest, json({ schemaVersion: 2, mediaType: types.manifest, config, layers })),
    platform,
  };
  return { manifest, manifests: [manifest], config, layers, archives, diffIds, blobs };
}

/** An index (or Docker's manifest list) of images for several platforms, as an image whose manifest is the index. */
export function buildIndex(images: readonly BuiltImage[], format: "oci" | "docker" = "oci"): BuiltImage {
  const mediaType = mediaTypes[format].index;
  const bytes = json({ schemaVersion: 2, mediaType, manifests: images.map((image) => image.manifest) });
  const manifest = { mediaType, digest: sha256(bytes), size: bytes.length };
  const [first] = images;
  if (first === undefined) throw new Error("an index of images needs one");
  const blobs = new Map([...images.flatMap((image) => [...image.blobs]), [manifest.digest, bytes] as const]);
  return { ...first, manifest, manifests: [...images.flatMap((image) => image.manifests), manifest], blobs };
}

/**
 * Writes images as an OCI image layout, each under its tag.
 * Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 */
export async function writeOciLayout(
  directory: string,
  images: Readonly<Record<string, BuiltImage>>,
): Promise<void> {
  for (const file of layoutFiles(images)) {
    await mkdir(join(directory, file.path, ".."), { recursive: true });
    await writeFile(join(directory, file.path), file.content);
  }
}

/** The same layout as a tar archive. */
export function ociArchive(images: Readonly<Record<string, BuiltImage>>): Buffer {
  return tarArchive(layoutFiles(images));
}

/**
 * Images by reference (`name:tag`) in the format that `docker save` wrote before it wrote layouts.
 * Source: https://github.com/moby/moby/blob/v25.0.0/image/spec/spec.md#combined-image-json--filesystem-changeset-format
 */
export function dockerArchive(images: Readonly<Record<string, BuiltImage>>): Buffer {
  const parts = Object.entries(images).map(([reference, image]) => {
    const config = {
      path: `${image.config.digest.slice(7)}.json`,
      content: image.blobs.get(image.config.digest),
    };
    const layers = image.archives.map((content, index) => ({
      path: `${image.diffIds[index]?.slice(7)}/layer.tar`,
      content,
    }));
    const Layers = layers.map((layer) => layer.path);
    return { files: [config, ...layers], row: { Config: config.path, RepoTags: [reference], Layers } };
  });
  const manifest = { path: "manifest.json", content: json(parts.map((part) => part.row)) };
  return tarArchive([...parts.flatMap((part) => part.files), manifest] as TarEntry[]);
}

function layoutFiles(images: Readonly<Record<string, BuiltImage>>): { path: string; content: Buffer }[] {
  const blobs = new Map(Object.values(images).flatMap((image) => [...image.blobs]));
  const manifests = Object.entries(images).map(([tag, image]) => ({
    ...image.manifest,
    annotations: { "org.opencontainers.image.ref.name": tag },
  }));
  return [
    { path: "oci-layout", content: json({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", content: json({ schemaVersion: 2, mediaType: ociTypes.index, manifests }) },
    ...[...blobs].map(([digest, content]) => ({ path: `blobs/${digest.replace(":", "/")}`, content })),
  ];
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
