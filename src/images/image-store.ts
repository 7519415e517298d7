import { createMutex, type Digest, isFullDisk, type Logger, TugError } from "../base/index.ts";
import {
  annotations,
  type Descriptor,
  type ImageConfig,
  type Manifest,
  maxConfigSize,
  maxManifestSize,
  parseImageConfig,
  parseManifestDocument,
} from "../specs/index.ts";
import type { ContentStore } from "./content/content-store.ts";
import { imageError } from "./errors.ts";
import { type ImageRecord, type ImageRow, type ImageTable, isDangling } from "./image-table.ts";
import { chainIds } from "./layers/chain-id.ts";
import {
  formatReference,
  parseName,
  parseReference,
  type ReferenceOptions,
  withDigest,
} from "./reference.ts";
import type { Snapshotter } from "./snapshots/snapshotter.ts";

/** An image of the store, with its documents. */
export type Image = ImageRecord & {
  /** Full references with a tag, such as `docker.io/library/debian:latest`. */
  readonly names: readonly string[];
  /** Full references with a digest, by which the image came from a registry. */
  readonly digests: readonly string[];
  readonly config: ImageConfig;
  /** The configuration as a blob. */
  readonly configuration: Descriptor;
  readonly layers: readonly Descriptor[];
  /** Keys of the layers' snapshots, the lowest first. */
  readonly chainIds: readonly Digest[];
  /** Bytes of each layer as it is unpacked, the lowest first, and of all of them. */
  readonly layerSizes: readonly number[];
  readonly size: number;
  /** Bytes of the manifest, the configuration and the layers as they were downloaded. */
  readonly contentSize: number;
  /** When a name was last given to the image, in milliseconds since the epoch. */
  readonly updated: number;
};

export type ImageStoreOptions = {
  table: ImageTable;
  content: ContentStore;
  snapshotter: Snapshotter;
  references: ReferenceOptions;
  logger: Logger;
  now: () => number;
};

/** Images by name. */
export interface ImageStore {
  /** Every image once, the last changed first. One whose documents cannot be read is left out, and logged. */
  list(): Promise<Image[]>;
  /**
   * The image that a text means: a name, a name with a digest, an id, or the beginning of an id.
   * @throws IMAGE_NOT_FOUND, IMAGE_AMBIGUOUS, IMAGE_REFERENCE
   */
  get(query: string): Promise<Image>;
  /** The same, without its documents; undefined when there is none. @throws IMAGE_AMBIGUOUS, IMAGE_REFERENCE */
  find(query: string): FoundImage | undefined;
  /** Reads the documents of an image on record. */
  read(record: ImageRecord): Promise<Image>;
  /**
   * Gives names to an image, which is kept if there are none. An image that loses its last name to it is kept without
   * one.
   *
   * @param options.durable false: the disk is not waited for, and a power loss may take it back
   */
  put(names: readonly string[], record: ImageRecord, options?: { durable?: boolean }): Promise<void>;
  /**
   * Takes names away, all or none.
   *
   * @param options.keepImages true: an image that loses its last name stays without one
   */
  delete(names: readonly string[], options?: { keepImages?: boolean }): Promise<void>;
  /** Brings the list of images up to date by which other tools find their way in the content store. */
  publish(): Promise<void>;
  /** Whether that list is up to date. */
  isPublished(): Promise<boolean>;
}

/** `name` is the row that the query means, undefined when it means an id. */
export type FoundImage = ImageRecord & { readonly name: string | undefined };

export function createImageStore(options: ImageStoreOptions): ImageStore {
  const { table, content, now } = options;
  const publishing = createMutex();
  // Counted from the change of a row on: until then the list is rightly out of date.
  let underWay = 0;
  const publish = async ({ durable = true } = {}) => {
    underWay += 1;
    try {
      await publishing.run(() => content.publish(publishedManifests(table.all()), { durable }));
    } finally {
      underWay -= 1;
    }
  };
  const isPublished = async (): Promise<boolean> => {
    for (;;) {
      const isCurrent = await publishing.run(async () => {
        const wanted = publishedManifests(table.all());
        return JSON.stringify(await content.published()) === JSON.stringify(wanted);
      });
      if (isCurrent || underWay === 0) return isCurrent;
    }
  };
  // On a full disk the list is out of date until there is room: what counts is on record.
  const publishIfRoom = (options?: { durable: boolean }) =>
    publish(options).catch((error: unknown) => {
      if (!isFullDisk(error)) throw error;
    });
  const find = (query: string) => findImage(options, query);
  const latest = new Map<Digest, Documents>();
  const read = async (record: ImageRecord) => {
    const { digest } = record.manifest;
    const documents = latest.get(digest) ?? (await readDocuments(content, record));
    latest.delete(digest);
    latest.set(digest, documents);
    const [oldest] = latest.keys();
    if (latest.size > MOST && oldest !== undefined) latest.delete(oldest);
    return describeImage(options, record, documents);
  };
  return {
    find,
    read,
    publish,
    isPublished,
    async list() {
      const records = new Map(table.all().map((row) => [row.id, row]));
      const images = await Promise.all(
        [...records.values()].map((record) => readUnlessDamaged(options, record)),
      );
      return images.filter((image) => image !== undefined).sort((a, b) => b.updated - a.updated);
    },
    async get(query) {
      const found = find(query);
      if (found === undefined) throw notFound(query);
      return describeImage(options, found, await readDocuments(content, found));
    },
    async put(names, { id, manifest, target }, { durable = true } = {}) {
      const record = { id, manifest, target };
      if (names.length > 0) table.put(names, record, now(), { durable });
      else table.keep(record, now());
      await publishIfRoom({ durable });
    },
    async delete(names, options) {
      table.delete(names, options);
      await publishIfRoom();
    },
  };
}

/** The error for a query that means no image. */
export function notFound(query: string) {
  return imageError(
    "NOT_FOUND",
    `cannot find image ${JSON.stringify(query)}: there is none with that name or id`,
    {
      hint: "list the images with tug images, or pull it",
      details: { reference: query },
    },
  );
}

/** Names go first: `deadbeef` may be a repository as well as the beginning of an id. */
function findImage({ table, references }: ImageStoreOptions, query: string): FoundImage | undefined {
  const id = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(query)?.[1];
  const isId = id !== undefined && (query.startsWith("sha256:") || id.length === 64);
  const row = isId ? undefined : findByName(table, query, references);
  if (row !== undefined) return row;
  if (id === undefined) return undefined;
  const [first, second] = table.idsWithPrefix(`sha256:${id}`);
  if (second !== undefined) {
    throw imageError("AMBIGUOUS", `cannot find image ${query}: several ids begin like this`, {
      hint: "write more characters of the id",
      details: { reference: query },
    });
  }
  const found = first === undefined ? undefined : table.byId(first)[0];
  return found === undefined ? undefined : { ...found, name: undefined };
}

/** A digest of a name means what the registry gave for it, or the manifest that was chosen from that. */
function findByName(table: ImageTable, query: string, references: ReferenceOptions): ImageRow | undefined {
  const reference = parseReference(query, references);
  if (reference.digest === undefined) return table.get(formatReference(reference));
  const { digest } = reference;
  const exact = table.get(formatReference(withDigest(reference, digest)));
  if (exact !== undefined) return exact;
  return table.all().find((row) => {
    if (isDangling(row.name) || ![row.manifest.digest, row.target.digest].includes(digest)) return false;
    const other = parseName(row.name, references);
    return other.domain === reference.domain && other.path === reference.path;
  });
}

/** What the digests in a record stand for: it never changes. */
type Documents = {
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly chainIds: readonly Digest[];
};

/** Images whose documents are kept: one is looked up for every container that is made. */
const MOST = 64;

async function readDocuments(
  content: ImageStoreOptions["content"],
  { id, manifest: descriptor }: ImageRecord,
): Promise<Documents> {
  const manifest = await loadManifest(content, descriptor);
  const config = parseImageConfig(await content.load(id, maxConfigSize), `configuration ${id}`);
  return { manifest, config, chainIds: chainIds(config.rootfs.diff_ids) };
}

async function describeImage(
  { table, snapshotter }: ImageStoreOptions,
  record: ImageRecord,
  { manifest, config, chainIds: chain }: Documents,
): Promise<Image> {
  const { id, target } = record;
  const rows = table.byId(id);
  const usages = await Promise.all(
    chain.map((key) => (snapshotter.info(key) === undefined ? { bytes: 0 } : snapshotter.usage(key))),
  );
  const blobs = [record.manifest, manifest.config, ...manifest.layers];
  const names = rows.map(({ name }) => name).filter((name) => !isDangling(name));
  return {
    id,
    manifest: record.manifest,
    target,
    names: names.filter((name) => !name.includes("@")),
    digests: names.filter((name) => name.includes("@")),
    config,
    configuration: manifest.config,
    layers: manifest.layers,
    chainIds: chain,
    layerSizes: usages.map(({ bytes }) => bytes),
    size: usages.reduce((sum, { bytes }) => sum + bytes, 0),
    contentSize: blobs.reduce((sum, { size }) => sum + size, 0),
    updated: Math.max(0, ...rows.map(({ updated }) => updated)),
  };
}

/** People must be able to see and remove the other images. */
async function readUnlessDamaged(
  options: ImageStoreOptions,
  record: ImageRecord,
): Promise<Image | undefined> {
  try {
    return await describeImage(options, record, await readDocuments(options.content, record));
  } catch (error) {
    if (!(error instanceof TugError)) throw error;
    options.logger.log("warn", "images.unreadable", { id: record.id, reason: error.message });
    return undefined;
  }
}

/** A stored manifest. @throws OCI_IMAGE_UNSUPPORTED for an index */
export async function loadManifest(
  content: Pick<ContentStore, "load">,
  { digest, mediaType }: Descriptor,
): Promise<Manifest> {
  const name = `manifest ${digest}`;
  const document = parseManifestDocument(await content.load(digest, maxManifestSize), name, mediaType);
  if (document.kind === "manifest") return document.manifest;
  throw imageError("CONFIGURATION", `cannot use ${name}: it is an index`);
}

/** What `index.json` lists: each image by each of its tags, or once without a name where it has none. */
function publishedManifests(rows: readonly ImageRow[]): Descriptor[] {
  const isTag = ({ name }: ImageRow) => !name.includes("@");
  const tagged = new Set(rows.filter(isTag).map(({ id }) => id));
  const nameless = new Map(rows.filter(({ id }) => !tagged.has(id)).map((row) => [row.id, row]));
  return [...nameless.values(), ...rows.filter(isTag)].map((row) => {
    const { mediaType, digest, size } = row.manifest;
    const named = isTag(row) ? { annotations: { [annotations.refName]: row.name } } : {};
    return { mediaType, digest, size, ...named };
  });
}
