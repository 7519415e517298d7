import type { Descriptor } from "../specs/index.ts";
import { isDocument, isForeign } from "./closure.ts";
import type { ContentStore } from "./content/content-store.ts";
import { fetchBlob, storeBlob } from "./fetch-blob.ts";
import { type ImageSource, type InstallRequest, installDocument } from "./install.ts";
import type { Limiter } from "./limiter.ts";
import { type OnProgress, reportProgress } from "./progress.ts";
import { runTogether } from "./together.ts";

export type FetchAllOptions = { content: ContentStore; downloads: Limiter };

export type FetchAllRequest = Pick<
  InstallRequest,
  "name" | "target" | "source" | "lease" | "onProgress" | "signal"
>;

/**
 * Gets everything that a manifest or index refers to into the content store, under the lease. Nothing is unpacked. What
 * is here already is not asked for.
 * @throws OCI_IMAGE_*, IMAGE_CONFIGURATION, and what source and store throw
 */
export async function fetchAll(options: FetchAllOptions, request: FetchAllRequest): Promise<void> {
  const { content, downloads } = options;
  const { source, lease, onProgress = () => {}, signal: outer } = request;
  const layers = new Map<string, Descriptor>();
  const others = new Map<string, Descriptor>();
  for await (const document of documentsOf(options, request)) {
    if (document.kind === "index") {
      for (const child of document.index.manifests) if (!isDocument(child)) others.set(child.digest, child);
    } else {
      others.set(document.manifest.config.digest, document.manifest.config);
      for (const layer of document.manifest.layers) if (!isForeign(layer)) layers.set(layer.digest, layer);
    }
  }
  for (const { digest } of [...others.values(), ...layers.values()]) {
    await lease.retain({ kind: "blob", resource: digest });
  }
  const works = [
    ...[...others.values()].map(
      (blob) => (signal: AbortSignal) =>
        downloads(() => storeBlob(blob, { content, source: source.blob, signal }), signal),
    ),
    ...[...layers.values()].map((layer) => (signal: AbortSignal) => {
      onProgress({ id: layer.digest, status: "waiting" });
      return downloads(() => fetchLayer(content, layer, { source, onProgress, signal }), signal);
    }),
  ];
  await runTogether(works, outer);
}

type FetchLayer = { source: ImageSource; onProgress: OnProgress; signal: AbortSignal };

async function fetchLayer(
  content: ContentStore,
  layer: Descriptor,
  { source, onProgress, signal }: FetchLayer,
): Promise<void> {
  const { digest: id, size: total } = layer;
  let stored = false;
  const onBegin = (origin: { stored: boolean }) => {
    stored = origin.stored;
  };
  if ((await content.size(id)) === undefined) {
    const bytes = fetchBlob(layer, { content, source: source.blob, onBegin, signal });
    for await (const _ of reportProgress(bytes, total, (current) => {
      if (!stored) onProgress({ id, status: "downloading", current, total });
    }));
    onProgress({ id, status: "downloaded" });
  } else onProgress({ id, status: "exists" });
}

async function* documentsOf(options: FetchAllOptions, request: FetchAllRequest) {
  const seen = new Set<string>();
  const waiting = [request.target];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next.digest)) continue;
    seen.add(next.digest);
    const document = await installDocument(options, request, next);
    if (document.kind === "index") waiting.push(...document.index.manifests.filter(isDocument));
    yield document;
  }
}
