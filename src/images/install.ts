import type { Digest } from "../base/index.ts";
import {
  configMediaTypes,
  type Descriptor,
  type ImageConfig,
  indexMediaTypes,
  layerMediaTypes,
  type Manifest,
  type ManifestDocument,
  manifestMediaTypes,
  maxConfigSize,
  maxManifestSize,
  type Platform,
  parseImageConfig,
  parseManifestDocument,
} from "../specs/index.ts";
import type { ContentStore } from "./content/content-store.ts";
import { imageError } from "./errors.ts";
import { type BlobSource, type FetchOptions, storeBlob } from "./fetch-blob.ts";
import type { ImageRecord } from "./image-table.ts";
import type { InstallLayer, Layer } from "./install-layer.ts";
import { chainIds } from "./layers/chain-id.ts";
import type { Lease } from "./leases.ts";
import { noPlatform, runsOn } from "./platform.ts";
import type { OnProgress } from "./progress.ts";
import { skipBytes } from "./skip-bytes.ts";
import type { DiskSync } from "./unsynced/disk-sync.ts";

/** Where an image comes from. */
export type ImageSource = {
  /** The bytes of a manifest or index. */
  manifest(descriptor: Descriptor, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  blob: BlobSource;
};

export type InstallerOptions = {
  content: ContentStore;
  installLayer: InstallLayer;
  /** Keeps what is not on the disk yet; left out: the disk is waited for. */
  diskSync?: Pick<DiskSync, "begin"> | undefined;
};

export type InstallRequest = {
  /** Name of the image for errors. */
  name: string;
  /** A manifest, or an index to choose from. */
  target: Descriptor;
  source: ImageSource;
  /** The manifest of an index to take. */
  choose: (document: ManifestDocument & { kind: "index" }) => Promise<Descriptor> | Descriptor;
  /** What the image must run on; undefined takes any. */
  platform?: Platform | undefined;
  lease: Lease;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
};

/** How many indexes may be inside one another. */
const maxNesting = 4;

/**
 * Gets an image into the store: its documents, then its layers, side by side. Everything it needs is retained by the
 * lease; it has no name yet.
 *
 * @throws IMAGE_PLATFORM, IMAGE_CONFIGURATION, OCI_IMAGE_*, and what layers, source and store throw
 */
export async function installImage(options: InstallerOptions, request: InstallRequest): Promise<ImageRecord> {
  const { name, platform } = request;
  const { target, descriptor, manifest } = await installManifest(options, request);
  const config = await installConfig(options, request, manifest.config);
  checkFit(name, manifest, config);
  if (platform !== undefined && !runsOn(config, platform)) {
    throw noPlatform(name, platform, [`${config.os}/${config.architecture}`]);
  }
  await installLayers(options, request, layersOf(manifest, config));
  return { id: manifest.config.digest, manifest: bare(descriptor), target: bare(target) };
}

/** The descriptor without what an index says about it. */
function bare({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

async function installManifest(
  options: InstallerOptions,
  request: InstallRequest,
): Promise<{ target: Descriptor; descriptor: Descriptor; manifest: Manifest }> {
  const { name, choose } = request;
  let target: Descriptor | undefined;
  let descriptor = request.target;
  for (let nesting = 0; nesting < maxNesting; nesting += 1) {
    const document = await installDocument(options, request, descriptor);
    const known = { ...descriptor, mediaType: document.mediaType };
    target ??= known;
    if (document.kind === "manifest") return { target, descriptor: known, manifest: document.manifest };
    descriptor = await choose(document);
    if (![...indexMediaTypes, ...manifestMediaTypes].includes(descriptor.mediaType)) {
      throw misfit(name, `its index lists a ${descriptor.mediaType}`);
    }
  }
  throw misfit(name, `its indexes are nested more than ${maxNesting} times`);
}

/** Gets a manifest or index into the store, retained by the lease. */
export async function installDocument(
  { content, diskSync }: Omit<InstallerOptions, "installLayer">,
  { name, source, lease, signal }: Pick<InstallRequest, "name" | "source" | "lease" | "signal">,
  descriptor: Descriptor,
): Promise<ManifestDocument> {
  const { digest, size, mediaType } = descriptor;
  if (size > maxManifestSize) throw misfit(name, `its manifest ${digest} has ${size} bytes`);
  await lease.retain({ kind: "manifest", resource: digest });
  const manifest: BlobSource = (_, { offset }) => skipBytes(source.manifest(descriptor, signal), offset);
  await storeDocumentBlob(descriptor, { content, diskSync, source: manifest, signal });
  const data = await content.load(digest, maxManifestSize);
  return parseManifestDocument(data, `manifest ${digest} of ${name}`, mediaType);
}

type DocumentBlob = Omit<InstallerOptions, "installLayer"> & Pick<FetchOptions, "source" | "signal">;

/** What is not here yet may be there as soon as the disk has on record that it may be lost. */
async function storeDocumentBlob(descriptor: Descriptor, options: DocumentBlob): Promise<void> {
  const { content, diskSync, source, signal } = options;
  const { digest: resource } = descriptor;
  const isHere = (await content.size(resource)) !== undefined;
  const written = isHere ? undefined : diskSync?.begin([{ kind: "blob", resource }]);
  const waiting = { durable: written === undefined, after: written?.recorded };
  try {
    await storeBlob(descriptor, { content, source, signal, ...waiting });
  } finally {
    written?.end();
  }
}

async function installConfig(
  { content, diskSync }: InstallerOptions,
  { name, source, lease, signal }: InstallRequest,
  descriptor: Descriptor,
): Promise<ImageConfig> {
  const { digest, size, mediaType } = descriptor;
  if (!configMediaTypes.includes(mediaType)) throw misfit(name, `it is no image but ${mediaType}`);
  if (size > maxConfigSize) throw misfit(name, `its configuration ${digest} has ${size} bytes`);
  await lease.retain({ kind: "blob", resource: digest });
  await storeDocumentBlob(descriptor, { content, diskSync, source: source.blob, signal });
  return parseImageConfig(await content.load(digest, maxConfigSize), `configuration ${digest} of ${name}`);
}

/** @throws IMAGE_CONFIGURATION for what is no image that can be unpacked */
export function checkFit(name: string, manifest: Manifest, config: ImageConfig): void {
  const { diff_ids: diffIds } = config.rootfs;
  if (manifest.layers.length !== diffIds.length) {
    const reason = `its manifest has ${manifest.layers.length} layers, its configuration ${diffIds.length}`;
    throw misfit(name, reason);
  }
  for (const { mediaType } of manifest.layers) {
    if (!layerMediaTypes.includes(mediaType)) throw misfit(name, `it has a layer of type ${mediaType}`);
  }
  if (config.os !== "linux") throw misfit(name, `it is for ${config.os}`);
}

function layersOf(manifest: Manifest, config: ImageConfig): Layer[] {
  const { diff_ids: diffIds } = config.rootfs;
  const chain = chainIds(diffIds);
  return manifest.layers.map((descriptor, index) => ({
    descriptor,
    diffId: diffIds[index] as Digest,
    chainId: chain[index] as Digest,
    parent: chain[index - 1],
  }));
}

/** All at once; the first failure stops the others, and is the one to report. */
async function installLayers(
  { installLayer }: InstallerOptions,
  { source, lease, onProgress = () => {}, signal: outer }: InstallRequest,
  layers: readonly Layer[],
): Promise<void> {
  const stop = new AbortController();
  const signal = outer === undefined ? stop.signal : AbortSignal.any([outer, stop.signal]);
  let first: { error: unknown } | undefined;
  let parentReady: Promise<unknown> = Promise.resolve();
  const installed = layers.map((layer) => {
    const request = { layer, source: source.blob, lease, parentReady, onProgress, signal };
    const done = installLayer(request).catch((error: unknown) => {
      first ??= { error };
      stop.abort(error);
      throw error;
    });
    parentReady = done;
    return done;
  });
  await Promise.allSettled(installed);
  if (first !== undefined) throw first.error;
}

function misfit(name: string, reason: string) {
  return imageError("CONFIGURATION", `cannot use image ${name}: ${reason}`, { details: { reference: name } });
}

/** A source that has nothing: for images all of which is in the store already. */
export function noSource(name: string): ImageSource {
  const missing = ({ digest }: { digest: Digest }): never => {
    throw imageError("INCOMPLETE", `cannot use image ${name}: its blob ${digest} is missing`, {
      details: { reference: name },
    });
  };
  return { manifest: missing, blob: missing };
}
