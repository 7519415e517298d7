import { type Digest, TugError } from "../../base/index.ts";
import {
  configMediaTypes,
  type Descriptor,
  type Manifest,
  maxConfigSize,
  maxManifestSize,
  parseImageConfig,
  parseManifestDocument,
} from "../../specs/index.ts";
import { isDocument, isForeign } from "../closure.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { ImageRow, ImageTable } from "../image-table.ts";
import { chainIds } from "../layers/chain-id.ts";
import { familiar } from "./names.ts";
import type { StoreProblem } from "./report.ts";

/** A blob that images refer to. */
export type Need = {
  readonly expected: Pick<Descriptor, "digest" | "size" | "mediaType">;
  /** Names of the rows that it belongs to. */
  readonly names: Set<string>;
  /** Images cannot be used without it; what an index lists for other machines may be here or not. */
  isRequired: boolean;
};

/** A layer that has to be unpacked: the key of its snapshot, and of the one below. */
export type NeededLayer = {
  readonly key: Digest;
  readonly parent: Digest | undefined;
  /** What it is unpacked from. */
  readonly blob: Digest | undefined;
  readonly names: Set<string>;
  /** What came by a registry of this engine is unpacked when it is used here. */
  isRequired: boolean;
};

/** What the images on record need, as far as their documents can be read. */
export type Needs = {
  readonly blobs: ReadonlyMap<Digest, Need>;
  readonly layers: ReadonlyMap<Digest, NeededLayer>;
  /** Documents that are of no use, and rows that do not fit them. */
  readonly problems: readonly StoreProblem[];
};

export type NeedsOptions = {
  readonly content: ContentStore;
  readonly table: ImageTable;
  /** Whether an image came by a registry of this engine under this name, which has a digest. */
  readonly isHosted: (name: string) => boolean;
};

/** One row that is followed: its name, and what its indexes have listed so far, each as what it was called. */
type Visiting = { readonly name: string; readonly listed: Set<string> };

/** Follows every row of the images to the last blob and layer. */
export async function findNeeds({ content, table, isHosted }: NeedsOptions): Promise<Needs> {
  const blobs = new Map<Digest, Need>();
  const layers = new Map<Digest, NeededLayer>();
  const problems = new Map<string, StoreProblem>();

  const need = (descriptor: Descriptor, name: string, isRequired: boolean): void => {
    const known = blobs.get(descriptor.digest);
    if (known === undefined) {
      const { digest, size, mediaType } = descriptor;
      blobs.set(digest, { expected: { digest, size, mediaType }, names: new Set([name]), isRequired });
      return;
    }
    known.names.add(name);
    known.isRequired ||= isRequired;
  };

  /** What a document says, or undefined where it is not here or damaged, which is told of elsewhere. */
  const read = async <T>(digest: Digest, name: string, parse: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await parse();
    } catch (error) {
      if (!(error instanceof TugError)) throw error;
      if (!["IMAGE_CONTENT_CORRUPT", "IMAGE_CONTENT_NOT_FOUND"].includes(error.code)) {
        problems.set(digest, unusable(digest, name, error.message));
      }
      return undefined;
    }
  };

  const visit = async (
    descriptor: Descriptor,
    visiting: Visiting,
    isRequired: boolean,
  ): Promise<Manifest | undefined> => {
    const { name, listed } = visiting;
    need(descriptor, name, isRequired);
    const { digest, mediaType } = descriptor;
    if (!isDocument(descriptor) || (await content.size(digest)) === undefined) return undefined;
    const document = await read(digest, name, async () =>
      parseManifestDocument(await content.load(digest, maxManifestSize), `manifest ${digest}`, mediaType),
    );
    if (document === undefined) return undefined;
    if (document.kind === "index") {
      for (const child of document.index.manifests) {
        const called = `${child.mediaType} ${child.digest}`;
        if (listed.has(called)) continue;
        listed.add(called);
        await visit(child, visiting, false);
      }
      return undefined;
    }
    const { config, layers } = document.manifest;
    need(config, name, isRequired);
    for (const layer of layers) need(layer, name, isRequired && !isForeign(layer));
    return document.manifest;
  };

  const visitRow = async (row: ImageRow): Promise<void> => {
    const { name, id, target } = row;
    const visiting: Visiting = { name, listed: new Set() };
    if (target.digest !== row.manifest.digest) await visit(target, visiting, true);
    const manifest = await visit(row.manifest, visiting, true);
    if (manifest === undefined) return;
    if (manifest.config.digest !== id) problems.set(name, misfit(row, manifest.config.digest));
    if (!configMediaTypes.includes(manifest.config.mediaType)) return;
    const config = await read(manifest.config.digest, name, async () =>
      parseImageConfig(await content.load(manifest.config.digest, maxConfigSize), `configuration ${id}`),
    );
    const chain = chainIds(config?.rootfs.diff_ids ?? []);
    for (const [index, key] of chain.entries()) {
      const blob = manifest.layers[index]?.digest;
      const before = { key, parent: chain[index - 1], blob, names: new Set<string>(), isRequired: false };
      const layer = layers.get(key) ?? before;
      layer.names.add(name);
      layer.isRequired ||= !hosted.has(id);
      layers.set(key, layer);
    }
  };

  const rows = table.all();
  const hosted = new Set(rows.filter(({ name }) => isHosted(name)).map(({ id }) => id));
  for (const row of rows) await visitRow(row);
  return { blobs, layers, problems: [...problems.values()] };
}

function unusable(digest: Digest, name: string, reason: string): StoreProblem {
  return {
    kind: "document",
    subject: digest,
    sentence: `a document of ${familiar(name)} is of no use: ${reason}`,
    images: [familiar(name)],
    repaired: false,
    hint: `remove the image: tug rmi ${familiar(name)}`,
  };
}

function misfit({ name, id, manifest }: ImageRow, config: Digest): StoreProblem {
  return {
    kind: "record",
    subject: name,
    sentence: `the record of ${familiar(name)} says that its configuration is ${id}, its manifest ${manifest.digest} that it is ${config}`,
    images: [familiar(name)],
    repaired: false,
    hint: `remove the image and get it again: tug rmi ${familiar(name)}`,
  };
}
