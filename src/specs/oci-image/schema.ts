import * as v from "valibot";
import { type Digest, isDigest } from "../../base/index.ts";
import type {
  Descriptor,
  DockerArchiveImage,
  ExecutionConfig,
  HistoryEntry,
  ImageConfig,
  Index,
  Manifest,
  Platform,
} from "./types.ts";

/** What the documents must look like. Members that are not listed are dropped: nothing here reads them. */
type Schema<T> = v.GenericSchema<unknown, T>;

const maybe = v.exactOptional;

const digest = v.pipe(
  v.string(),
  v.check(isDigest, "expected a sha256 or sha512 digest"),
  v.transform((text) => text as Digest),
);

const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const text = v.string();
const texts = v.array(text);
const map = v.record(text, text);
/** Go's map[string]struct{}. */
const set = v.record(text, v.object({}));

const platform = v.object({
  os: text,
  architecture: text,
  variant: maybe(text),
  "os.version": maybe(text),
  "os.features": maybe(texts),
}) satisfies Schema<Platform>;

const descriptor = v.object({
  mediaType: text,
  digest,
  size,
  annotations: maybe(map),
  platform: maybe(platform),
  artifactType: maybe(text),
}) satisfies Schema<Descriptor>;

const versioned = {
  schemaVersion: v.literal(2),
  mediaType: maybe(text),
  artifactType: maybe(text),
  annotations: maybe(map),
  subject: maybe(descriptor),
};

export const indexSchema: Schema<Index> = v.object({
  ...versioned,
  manifests: v.pipe(v.array(descriptor), v.maxLength(10_000)),
});

/** More layers than 127 cannot be mounted by most kernels, but they can be stored, listed and copied. */
export const manifestSchema: Schema<Manifest> = v.object({
  ...versioned,
  config: descriptor,
  layers: v.pipe(v.array(descriptor), v.maxLength(1_000)),
});

const healthcheck = v.object({
  Test: maybe(texts),
  Interval: maybe(v.number()),
  Timeout: maybe(v.number()),
  StartPeriod: maybe(v.number()),
  StartInterval: maybe(v.number()),
  Retries: maybe(v.number()),
});

const execution = v.object({
  User: maybe(text),
  ExposedPorts: maybe(set),
  Env: maybe(texts),
  Entrypoint: maybe(texts),
  Cmd: maybe(texts),
  Volumes: maybe(set),
  WorkingDir: maybe(text),
  Labels: maybe(map),
  StopSignal: maybe(text),
  StopTimeout: maybe(v.number()),
  OnBuild: maybe(texts),
  Shell: maybe(texts),
  Healthcheck: maybe(healthcheck),
}) satisfies Schema<ExecutionConfig>;

const history = v.object({
  created: maybe(text),
  author: maybe(text),
  created_by: maybe(text),
  comment: maybe(text),
  empty_layer: maybe(v.boolean()),
}) satisfies Schema<HistoryEntry>;

export const configSchema: Schema<ImageConfig> = v.object({
  created: maybe(text),
  author: maybe(text),
  architecture: text,
  os: text,
  variant: maybe(text),
  "os.version": maybe(text),
  config: maybe(execution),
  rootfs: v.object({ type: v.literal("layers"), diff_ids: v.optional(v.array(digest), []) }),
  history: maybe(v.array(history)),
});

export const layoutSchema = v.object({ imageLayoutVersion: text });

export const dockerArchiveSchema: Schema<DockerArchiveImage[]> = v.array(
  v.object({ Config: text, RepoTags: maybe(texts), Layers: v.optional(texts, []) }),
);
