import type { Digest } from "../../base/index.ts";

/**
 * What a blob is and how to check it.
 * Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
 */
export type Descriptor = {
  mediaType: string;
  digest: Digest;
  /** Bytes. */
  size: number;
  annotations?: Readonly<Record<string, string>>;
  platform?: Platform;
  artifactType?: string;
};

/**
 * What an image was built to run on, in the words of Go's GOOS and GOARCH.
 * Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md#image-index-property-descriptions
 */
export type Platform = {
  os: string;
  architecture: string;
  variant?: string;
  "os.version"?: string;
  "os.features"?: readonly string[];
};

/** A list of manifests, one for each platform; Docker's manifest list has the same members. */
export type Index = {
  schemaVersion: 2;
  mediaType?: string;
  artifactType?: string;
  /** What the document is about. */
  subject?: Descriptor;
  manifests: readonly Descriptor[];
  annotations?: Readonly<Record<string, string>>;
};

/** A configuration and layers, the lowest first; Docker's schema 2 has the same members. */
export type Manifest = {
  schemaVersion: 2;
  mediaType?: string;
  artifactType?: string;
  /** What the document is about. */
  subject?: Descriptor;
  config: Descriptor;
  layers: readonly Descriptor[];
  annotations?: Readonly<Record<string, string>>;
};

/**
 * What an image is and how to start it.
 * Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
 */
export type ImageConfig = {
  /** RFC 3339. */
  created?: string;
  author?: string;
  architecture: string;
  os: string;
  variant?: string;
  "os.version"?: string;
  config?: ExecutionConfig;
  rootfs: { type: "layers"; diff_ids: readonly Digest[] };
  history?: readonly HistoryEntry[];
};

/** The defaults of a container. The last four members are Docker's own. Durations are nanoseconds. */
export type ExecutionConfig = {
  User?: string;
  ExposedPorts?: Readonly<Record<string, object>>;
  Env?: readonly string[];
  Entrypoint?: readonly string[];
  Cmd?: readonly string[];
  Volumes?: Readonly<Record<string, object>>;
  WorkingDir?: string;
  Labels?: Readonly<Record<string, string>>;
  StopSignal?: string;
  StopTimeout?: number;
  OnBuild?: readonly string[];
  Shell?: readonly string[];
  Healthcheck?: Healthcheck;
};

/** Source: https://github.com/moby/docker-image-spec/blob/v1.3.1/spec.md */
export type Healthcheck = {
  Test?: readonly string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
};

/** How one layer, or one change without a layer, came to be. */
export type HistoryEntry = {
  created?: string;
  author?: string;
  created_by?: string;
  comment?: string;
  empty_layer?: boolean;
};

/**
 * One image of an archive as `docker save` writes it: names of members of the archive.
 * Source: https://github.com/moby/moby/blob/v28.5.1/image/spec/v1.2.md#combined-image-json--filesystem-changeset-format
 */
export type DockerArchiveImage = {
  Config: string;
  RepoTags?: readonly string[];
  Layers: readonly string[];
};
