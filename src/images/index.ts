export type { LoadedImage, LoadRequest } from "./archive/entries.ts";
export type { CheckRequest } from "./check/check-store.ts";
export type { ProblemKind, StoreProblem, StoreReport } from "./check/report.ts";
export type { CommitRequest } from "./commit-image.ts";
export type { Difference } from "./compare/compare-images.ts";
export type { EmbeddedImage } from "./embedded.ts";
export type { Collected } from "./gc.ts";
export type { HeldImage } from "./held-images.ts";
export type { Image } from "./image-store.ts";
export type { ImageRecord } from "./image-table.ts";
export type { TreeOfImage } from "./image-tree.ts";
export type { Images, PulledImage, PullImageOptions, PushImageOptions, SaveOptions } from "./images.ts";
export type { ImportRequest } from "./import-image.ts";
export { exportLayer, exportTar } from "./layers/export-tar.ts";
export { layerFiles } from "./layers/index-layer.ts";
export { readArchive } from "./layers/read-archive.ts";
export { decodeListing, decodeTree, encodeTree } from "./layers/records.ts";
export type { Usage } from "./layers/translate.ts";
export type { TreePort } from "./layers/tree-port.ts";
export { isOpaque, isWhiteoutNode } from "./layers/whiteout.ts";
export { type ImagesOptions, imagesMigrations, openImages } from "./open-images.ts";
export { formatPlatform, hostPlatform, normalizePlatform, parsePlatform, runsOn } from "./platform.ts";
export { type PolicyFiles, usualPolicyFiles } from "./policy/policy-file.ts";
export type { LayerStatus, OnProgress, ProgressEvent } from "./progress.ts";
export type { Pruned, PruneOptions } from "./prune.ts";
export type { PushResult } from "./push/push-image.ts";
export type { OnPushProgress, PushProgressEvent } from "./push/push-progress.ts";
export { type LayoutImage, type LayoutImages, readLayoutImages } from "./read-layout.ts";
export {
  familiarReference,
  familiarRepository,
  formatReference,
  parseName,
  parseReference,
  parseTag,
  type Reference,
  type ReferenceOptions,
  repositoryOf,
} from "./reference.ts";
export { createRegistryClient, type RegistryClient, type RegistryClientOptions } from "./registry/client.ts";
export { configuredHosts, type HostFiles, usualHostFiles } from "./registry/hosts/find-hosts.ts";
export type { LoggedIn } from "./registry/log-in.ts";
export { type Proxies, readProxies } from "./registry/proxies.ts";
export type { SearchHit } from "./registry/search.ts";
export type { ImageUser, Removed, RemoveOptions } from "./remove.ts";
export type { RegistryServer, RegistrySettings, ServedRequest } from "./server/serve-registry.ts";
export { openLookaside } from "./signatures/lookaside.ts";
export { usualLookasideFiles } from "./signatures/lookaside-config.ts";
export type { SignedImage } from "./signatures/place-signatures.ts";
export type { LayerMounter } from "./snapshots/layer-mounts.ts";
export { predictMounts } from "./snapshots/snapshot-paths.ts";
export type { SnapshotForm, SnapshotMounts } from "./snapshots/snapshotter.ts";
export type { SpaceKeeper } from "./space-keepers.ts";
export type { SquashRequest } from "./squash-image.ts";
export type { Copied } from "./transports/copy-image.ts";
export type { CopyPlacesRequest } from "./transports/copy-places.ts";
export type { Access } from "./transports/open-place.ts";
export type { Looked, LookRequest, RemoteImages } from "./transports/remote-images.ts";
export type { Disk } from "./unsynced/disk-sync.ts";
