import type { Digest } from "../../base/index.ts";
import { annotations, type Descriptor, type Index, type Platform } from "../../specs/index.ts";
import { imageError } from "../errors.ts";
import type { ImageStore } from "../image-store.ts";
import type { ImageRecord } from "../image-table.ts";
import { type ImageSource, type InstallerOptions, installImage } from "../install.ts";
import type { Lease, Leases } from "../leases.ts";
import { chooseManifest, hostPlatform, runsOn } from "../platform.ts";
import type { OnProgress } from "../progress.ts";
import type { ReferenceOptions } from "../reference.ts";
import { isAboutImage } from "../signatures/signature-names.ts";
import { nameInLayout } from "./names.ts";

export type LoadOptions = InstallerOptions & {
  store: ImageStore;
  leases: Leases;
  references: ReferenceOptions;
};

export type LoadRequest = {
  /** What to take of an index; by default the best for this machine, or else the first. */
  platform?: Platform | undefined;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
};

/** An image that was loaded, and the names that it got: full references, none for an image without a name. */
export type LoadedImage = { readonly record: ImageRecord; readonly names: readonly string[] };

/** An image of an archive or layout that is to be installed. */
export type Entry = { readonly target: Descriptor; readonly names: readonly string[] };

/** The images of a layout; one that is listed by several names comes once. Signatures are left out. */
export function layoutEntries(manifests: readonly Descriptor[], references: ReferenceOptions): Entry[] {
  const entries = new Map<string, { target: Descriptor; names: string[] }>();
  for (const descriptor of manifests) {
    if (isAboutImage(descriptor)) continue;
    const entry = entries.get(descriptor.digest) ?? { target: descriptor, names: [] };
    const name = nameInLayout(descriptor, references);
    if (name !== undefined) entry.names.push(name);
    entries.set(descriptor.digest, entry);
  }
  return [...entries.values()];
}

export type InstallEntriesRequest = LoadRequest & {
  entries: readonly Entry[];
  lease: Lease;
  source: ImageSource;
  /** Whether a blob is to be had at all: an index may list images that an archive does not hold. */
  has: (digest: Digest) => Promise<boolean>;
};

/** Installs images and, when all are there, names them. */
export async function installEntries(
  options: LoadOptions,
  { entries, lease, source, has, platform, onProgress, signal }: InstallEntriesRequest,
): Promise<LoadedImage[]> {
  if (entries.length === 0) throw imageError("INCOMPLETE", "cannot load images: there are none");
  const loaded: LoadedImage[] = [];
  for (const { target, names } of entries) {
    const name = names[0] ?? target.digest;
    const choose = async ({ index }: { index: Index }) => {
      const present = await imagesThere(index, has, name);
      return platform === undefined ? chooseAny(present, name) : chooseManifest(present, platform, name);
    };
    const request = { name, target, choose, platform, source, lease, onProgress, signal };
    loaded.push({ record: await installImage(options, request), names });
  }
  for (const { record, names } of loaded) await options.store.put(names, record);
  return loaded;
}

/** An index without what is not there, and without what is no image. @throws IMAGE_INCOMPLETE where nothing is left */
async function imagesThere(
  index: Index,
  has: (digest: Digest) => Promise<boolean>,
  name: string,
): Promise<Index> {
  const present: Descriptor[] = [];
  for (const descriptor of index.manifests) {
    const isImage = descriptor.annotations?.[annotations.referenceType] === undefined;
    if (isImage && (await has(descriptor.digest))) present.push(descriptor);
  }
  if (present.length > 0) return { ...index, manifests: present };
  throw imageError("INCOMPLETE", `cannot load image ${name}: none of the manifests of its index is there`, {
    details: { reference: name },
  });
}

/** The best for this machine, or else the first: an archive for another platform can be loaded. */
function chooseAny(index: Index, name: string): Descriptor {
  const host = hostPlatform();
  const suits = index.manifests.some(({ platform }) => platform === undefined || runsOn(platform, host));
  return suits ? chooseManifest(index, host, name) : (index.manifests[0] as Descriptor);
}
