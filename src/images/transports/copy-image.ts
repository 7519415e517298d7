import type { Digest } from "../../base/index.ts";
import { type Descriptor, type Manifest, type Platform, parseManifestDocument } from "../../specs/index.ts";
import { isDocument, isForeign } from "../closure.ts";
import type { ContentStore } from "../content/content-store.ts";
import { imageError } from "../errors.ts";
import type { Limiter } from "../limiter.ts";
import { chooseManifest, hostPlatform } from "../platform.ts";
import { inSteps, type OnPushProgress } from "../push/push-progress.ts";
import { runTogether } from "../together.ts";
import { checkedBytes } from "./checked-document.ts";
import type { ImageReader, ImageWriter, SentDocument } from "./open-image.ts";

export type CopyOptions = {
  /** Blobs that are here already need not come from the source. */
  content: ContentStore;
  /** Bounds what is under way at once. */
  uploads: Limiter;
};

export type CopyRequest = {
  source: ImageReader;
  target: ImageWriter;
  /** Name of the source for errors. */
  name: string;
  /** Of an index this image; by default that for this machine. */
  platform?: Platform | undefined;
  /** All of an index. */
  all?: boolean | undefined;
  onProgress?: OnPushProgress | undefined;
  signal?: AbortSignal | undefined;
};

/** `changed`: the target had something else under its name. */
export type Copied = { readonly digest: Digest; readonly size: number; readonly changed: boolean };

/** All documents of an image together are smaller, in bytes. */
const maxDocuments = 64 * 1024 * 1024;

/**
 * Copies an image from one place to another as it is: every document and blob keeps its digest. What the target has is
 * neither read nor sent; a target that has all of it under the name is left alone.
 * @throws IMAGE_PLATFORM, IMAGE_PLACE, IMAGE_CONTENT_*, OCI_IMAGE_* and what source and target throw
 */
export async function copyImage(options: CopyOptions, request: CopyRequest): Promise<Copied> {
  const { target, signal } = request;
  const root = await chooseRoot(request);
  if ((await target.current(signal)) === root.digest) {
    return { digest: root.digest, size: root.size, changed: false };
  }
  const { documents, blobs, manifest } = await readDocuments(request, root);
  await sendBlobs(options, request, blobs);
  const last = documents.at(-1) as SentDocument;
  for (const document of documents.slice(0, -1)) await target.putDocument(document, signal);
  await target.finish({ root: last, manifest }, signal);
  return { digest: last.digest, size: last.data.length, changed: true };
}

/** The manifest or index that is to be copied. @throws IMAGE_PLATFORM, OCI_IMAGE_* and what the source throws */
export async function chooseRoot(request: Omit<CopyRequest, "target">): Promise<Descriptor> {
  const { source, name, platform, all = false, signal } = request;
  const root = await source.root(signal);
  if (all && platform === undefined) return root;
  const data = await source.document(root, signal);
  const document = parseManifestDocument(data, `manifest ${root.digest}`, root.mediaType);
  if (document.kind === "manifest") return root;
  return chooseManifest(document.index, platform ?? hostPlatform(), name);
}

type Read = { documents: SentDocument[]; blobs: Blob[]; manifest: Manifest | undefined };
type Blob = Pick<Descriptor, "digest" | "size"> & { isLayer: boolean };

/** All documents, each after those that it refers to, and all blobs, each once. */
async function readDocuments({ source, target, name, signal }: CopyRequest, root: Descriptor): Promise<Read> {
  const documents = new Map<Digest, SentDocument>();
  const blobs = new Map<Digest, Blob>();
  let total = 0;
  let manifest: Manifest | undefined;
  const visit = async (descriptor: Descriptor): Promise<void> => {
    if (documents.has(descriptor.digest)) return;
    const data = await source.document(descriptor, signal);
    total += data.length;
    if (total > maxDocuments)
      throw imageError("CONTENT_SIZE", `cannot copy ${name}: its documents are too large`);
    const document = parseManifestDocument(data, `manifest ${descriptor.digest}`, descriptor.mediaType);
    if (document.kind === "index") {
      if (!target.takesIndexes)
        throw imageError("PLACE", `cannot copy ${name}: the target holds one image, no index`);
      for (const child of document.index.manifests) {
        if (isDocument(child)) await visit(child);
        else blobs.set(child.digest, { ...child, isLayer: false });
      }
    } else {
      if (descriptor.digest === root.digest) manifest = document.manifest;
      const { config, layers } = document.manifest;
      blobs.set(config.digest, { ...config, isLayer: false });
      for (const layer of layers) if (!isForeign(layer)) blobs.set(layer.digest, { ...layer, isLayer: true });
    }
    documents.set(descriptor.digest, { mediaType: document.mediaType, digest: descriptor.digest, data });
  };
  await visit(root);
  return { documents: [...documents.values()], blobs: [...blobs.values()], manifest };
}

async function sendBlobs(
  { content, uploads }: CopyOptions,
  { source, target, onProgress = () => {}, signal: outer }: CopyRequest,
  blobs: readonly Blob[],
): Promise<void> {
  const sameRegistry = source.reference?.domain === target.reference?.domain;
  const mountFrom = sameRegistry && source.reference !== undefined ? [source.reference.path] : [];
  const send = async ({ digest: id, size, isLayer }: Blob, signal: AbortSignal): Promise<void> => {
    const report: OnPushProgress = isLayer ? onProgress : () => {};
    if (await target.hasBlob(id, signal)) return report({ id, status: "exists" });
    const isHere = (await content.size(id)) === size;
    const read = (offset: number) =>
      isHere ? content.read(id, { offset, signal }) : source.blob({ digest: id, size }, { offset, signal });
    const checked = (offset: number) =>
      offset === 0 ? checkedBytes(read(0), { digest: id, size }) : read(offset);
    const onSent = (current: number) => report({ id, status: "pushing", current, total: size });
    const how = { mountFrom, onSent: inSteps(onSent, size), signal };
    const { mountedFrom } = await target.putBlob({ digest: id, size }, checked, how);
    report(
      mountedFrom === undefined ? { id, status: "pushed" } : { id, status: "mounted", from: mountedFrom },
    );
  };
  const works = blobs.map((blob) => (signal: AbortSignal) => {
    if (blob.isLayer) onProgress({ id: blob.digest, status: "waiting" });
    return uploads(() => send(blob, signal), signal);
  });
  await runTogether(works, outer);
}
