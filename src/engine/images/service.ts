import { registryName } from "../../credentials/index.ts";
import type { EmbeddedImage, Images, LoadRequest, ProgressEvent, TreeOfImage } from "../../images/index.ts";
import { familiarRepository, parseReference } from "../../images/index.ts";
import type { Platform, RegistryAuth } from "../../specs/docker-api/index.ts";
import { usesImage } from "../containers/image-mounts.ts";
import type { Containers } from "../containers/service.ts";
import type { ContainerStore } from "../containers/store.ts";
import type { EventLog } from "../events.ts";
import type {
  CommitRequest,
  HistoryEntry,
  Image,
  ImageDifference,
  ImportRequest,
  LayerEvent,
  LoadEvent,
  PruneResult,
  PullEvent,
  PullRequest,
  PushEvent,
  PushRequest,
  RegistryEvent,
  Removed,
  ServeRegistryRequest,
  SpaceKeeper,
  SpacePlace,
  SquashRequest,
} from "../model/image-view.ts";
import type { HelperTrees } from "../trees.ts";
import { type CheckEvent, checkImages } from "./check.ts";
import { imagePlatform, withImage } from "./container-images.ts";
import { historyOf } from "./history.ts";
import { importImage } from "./import.ts";
import { eventsOf } from "./progress-events.ts";
import { pushImages } from "./push.ts";
import { credentialsOf } from "./registry-auth.ts";
import { type RemoteImageService, remoteImageService } from "./remote.ts";
import { type PruneRequest, pruneImages, removeImage } from "./removal.ts";
import { serveRegistry } from "./serve-registry.ts";
import { squashImage } from "./squash.ts";
import { familiar, references, viewImage } from "./view.ts";

/** What an engine does with images. */
export interface ImageService {
  list(): Promise<Image[]>;
  get(reference: string, platform?: Platform): Promise<Image>;
  history(reference: string): Promise<HistoryEntry[]>;
  tag(source: string, target: string): Promise<void>;
  remove(reference: string, options: { force: boolean; prune: boolean }): Promise<Removed[]>;
  tree(reference: string): Promise<TreeOfImage>;
  compare(before: string, after: string, signal: AbortSignal): Promise<ImageDifference[]>;
  prune(request: PruneRequest): Promise<PruneResult>;
  /** The id of the image. */
  import(request: ImportRequest, signal: AbortSignal): Promise<string>;
  /** An image of a container; its id. */
  commit(request: CommitRequest, signal: AbortSignal): Promise<string>;
  /** Who keeps what on the disk, the largest first. */
  keepers(): Promise<SpaceKeeper[]>;
  /** An image of one layer with the files of another; its id. */
  squash(request: SquashRequest, signal: AbortSignal): Promise<string>;
  readonly remote: RemoteImageService;
  /** Compares the store with its digests and with what is on record; the last event is what was found. */
  check(options: { repair: boolean }, signal: AbortSignal): AsyncIterable<CheckEvent>;
  /** Serves what is in the store as a registry until the signal: first that it listens, then each request. */
  serveRegistry(request: ServeRegistryRequest, signal: AbortSignal): AsyncIterable<RegistryEvent>;
  pull(request: PullRequest, signal: AbortSignal): AsyncIterable<PullEvent>;
  logIn(auth: RegistryAuth, signal: AbortSignal): Promise<{ identityToken: string | undefined }>;
  push(request: PushRequest, signal: AbortSignal): AsyncIterable<PushEvent>;
  load(
    archive: AsyncIterable<Uint8Array>,
    options: { platform?: Platform | undefined },
    signal: AbortSignal,
  ): AsyncIterable<LoadEvent>;
  save(
    references: readonly string[],
    options: { platform?: Platform | undefined },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
}

export type ImageServiceParts = {
  images: Images;
  store: ContainerStore;
  events: EventLog;
  containers: Pick<Containers, "commit">;
  trees: Pick<HelperTrees, "packMount" | "list">;
  /** Resolves when containers that nobody sees any more need their images no longer. */
  settled: () => Promise<void>;
  /** In which order images go, by id. */
  places: () => Promise<ReadonlyMap<string, SpacePlace>>;
  /** The images that tug brings along. */
  embedded: () => Promise<readonly EmbeddedImage[]>;
};

/** The images of an engine. */
export function openImageService(parts: ImageServiceParts): ImageService {
  const { images, store, events } = parts;
  const users = (id: string) =>
    store
      .list()
      .filter((record) => usesImage(record, id))
      .map(({ id: container, state }) => ({
        container: container.slice(0, 12),
        running: state.status === "running",
      }));
  const named = async <T>(reference: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw withImage(error, reference);
    }
  };
  return {
    list: async () => (await images.list()).map((image) => viewImage(image, users(image.id).length)),
    get: (reference, platform) =>
      named(reference, async () => {
        const image = platform
          ? await images.resolve(reference, imagePlatform(platform))
          : await images.get(reference);
        return viewImage(image, users(image.id).length);
      }),
    history: (reference) => named(reference, async () => historyOf(await images.get(reference))),
    tag: (source, target) =>
      named(source, async () => {
        await images.tag(source, target);
        events.publish({ type: "image", action: "tag", id: source, attributes: { name: target } });
      }),
    remove: (reference, { force }) =>
      named(reference, () => removeImage(parts, reference, { force, usedBy: users })),
    tree: (reference) => named(reference, () => images.tree(reference)),
    compare: (before, after, signal) =>
      named(before, async () => {
        await named(after, () => images.get(after));
        const found = await images.compare(before, after, signal);
        return found.map(({ path, kind }) => ({ path: `/${Buffer.from(path, "latin1")}`, kind }));
      }),
    prune: (request) => pruneImages(parts, request, users),
    import: (request, signal) => importImage(parts, request, signal),
    commit: (request, signal) => parts.containers.commit(request, images, signal),
    async keepers() {
      const containers = store.list();
      const places = await parts.places();
      return (await images.keepers()).map((keeper) => ({
        ...keeper,
        names: keeper.names.map(keeper.kind === "image" ? familiar : (name) => name),
        containers: containers.filter((record) => usesImage(record, keeper.id ?? "")).map(({ name }) => name),
        place: keeper.id && places.get(keeper.id),
      }));
    },
    squash: (request, signal) => named(request.image, () => squashImage(parts, request, signal)),
    remote: remoteImageService(parts),
    check: (options, signal) => checkImages(parts, options, signal),
    serveRegistry: (request, signal) => serveRegistry(parts, request, signal),
    pull: (request, signal) => pull(parts, request, signal),
    logIn: (auth, signal) =>
      images.logIn(registryName(auth.serveraddress ?? ""), credentialsOf(auth), signal),
    push: (request, signal) => pushImages(parts, request, signal),
    load: (archive, { platform }, signal) =>
      load(parts, archive, { platform: platform && imagePlatform(platform), signal }),
    save: (queries, { platform }, signal) =>
      images.save(queries, { platform: platform && imagePlatform(platform), signal }),
  };
}

async function* pull(
  { images, events }: ImageServiceParts,
  request: PullRequest,
  signal: AbortSignal,
): AsyncGenerator<PullEvent> {
  const reference = parseReference(request.reference, references);
  const { auth } = request;
  const platform = request.platform && imagePlatform(request.platform);
  const credentials = auth && credentialsOf(auth);
  const pulling = eventsOf((onProgress: (event: LayerEvent) => void) =>
    images.pull(request.reference, {
      platform,
      allPlatforms: request.allPlatforms,
      credentials,
      signal,
      onProgress: (event) => onProgress(layerEvent(event)),
    }),
  );
  const tag = reference.digest ?? reference.tag ?? "latest";
  // What is wrong before anything is under way becomes a status, not a line of the stream.
  const first = await pulling.next();
  yield { kind: "resolving", repository: familiarRepository(reference), tag };
  for (let step = first; ; step = await pulling.next()) {
    if (!step.done) {
      yield step.value;
      continue;
    }
    const { name, digest, changed } = step.value;
    events.publish({
      type: "image",
      action: "pull",
      id: familiar(name),
      attributes: { name: familiar(name) },
    });
    yield { kind: "pulled", reference: familiar(name), digest, updated: changed };
    return;
  }
}

async function* load(
  { images, events }: ImageServiceParts,
  archive: AsyncIterable<Uint8Array>,
  request: LoadRequest,
): AsyncGenerator<LoadEvent> {
  const loading = eventsOf((onProgress: (event: LayerEvent) => void) =>
    images.load(archive, { ...request, onProgress: (event) => onProgress(layerEvent(event)) }),
  );
  for (;;) {
    const step = await loading.next();
    if (!step.done) {
      yield step.value;
      continue;
    }
    for (const { record, names } of step.value) {
      events.publish({
        type: "image",
        action: "load",
        id: record.id,
        attributes: { name: names[0] ?? record.id },
      });
      if (names.length === 0) yield { kind: "loadedUntagged", id: record.id };
      for (const name of names) yield { kind: "loaded", reference: familiar(name) };
    }
    return;
  }
}

function layerEvent({ id, status, current, total }: ProgressEvent): LayerEvent {
  if (status === "downloading" || status === "extracting") {
    return { kind: "layer", layer: id, phase: status, done: current ?? 0, total };
  }
  return { kind: "layer", layer: id, phase: status };
}
