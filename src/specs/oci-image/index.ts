export * from "./constants.ts";
export {
  checkLayoutMarker,
  type ManifestDocument,
  parseDockerArchive,
  parseImageConfig,
  parseIndex,
  parseManifestDocument,
} from "./parse.ts";
export type {
  Descriptor,
  DockerArchiveImage,
  ExecutionConfig,
  Healthcheck,
  HistoryEntry,
  ImageConfig,
  Index,
  Manifest,
  Platform,
} from "./types.ts";
