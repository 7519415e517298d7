/** An entry of GET /images/json. Source: swagger.yaml, `ImageSummary`. `Created` is in seconds since 1970; -1 is unknown. */
export type ImageSummary = {
  readonly Id: string;
  readonly ParentId: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly Created: number;
  readonly Size: number;
  readonly SharedSize: number;
  readonly VirtualSize?: number | undefined;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Containers: number;
};

/** An entry of GET /images/search. Source: swagger.yaml, operation `ImageSearch`. */
export type ImageSearchHit = {
  readonly name: string;
  readonly description: string;
  readonly star_count: number;
  readonly is_official: boolean;
  readonly is_automated: boolean;
};

/** The configuration that an image gives its containers. Source: swagger.yaml, `ImageConfig`. */
export type ImageConfig = {
  readonly User?: string | undefined;
  readonly ExposedPorts?: Readonly<Record<string, object>> | undefined;
  readonly Env?: readonly string[] | undefined;
  readonly Entrypoint?: readonly string[] | undefined;
  readonly Cmd?: readonly string[] | undefined;
  readonly Volumes?: Readonly<Record<string, object>> | undefined;
  readonly WorkingDir?: string | undefined;
  readonly Labels?: Readonly<Record<string, string>> | undefined;
  readonly StopSignal?: string | undefined;
};

/** Answer to GET /images/{name}/json. Source: swagger.yaml, `ImageInspect`. */
export type ImageInspect = {
  readonly Id: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly Comment?: string | undefined;
  readonly Created?: string | undefined;
  readonly Author?: string | undefined;
  readonly Config: ImageConfig;
  readonly Architecture: string;
  readonly Variant?: string | undefined;
  readonly Os: string;
  readonly Size: number;
  readonly VirtualSize?: number | undefined;
  readonly RootFS: { readonly Type: "layers"; readonly Layers: readonly string[] };
  readonly Metadata: { readonly LastTagTime: string };
};

/** An entry of GET /images/{name}/history. Source: swagger.yaml, operation `ImageHistory`. */
export type ImageHistoryEntry = {
  readonly Id: string;
  readonly Created: number;
  readonly CreatedBy: string;
  readonly Tags: readonly string[] | null;
  readonly Size: number;
  readonly Comment: string;
};

/** Answer to GET /tug/images/{name}/tree: a manifest, index or blob, and what it refers to. */
export type ImageTree = {
  readonly Kind: "index" | "image" | "artifact" | "config" | "layer" | "blob";
  readonly MediaType: string;
  readonly Digest: string;
  readonly Size: number;
  readonly Platform?: string | undefined;
  /** What a statement is about. */
  readonly About?: string | undefined;
  /** Whether its bytes are in the store. */
  readonly Here: boolean;
  readonly Unpacked?: boolean | undefined;
  readonly Children: readonly ImageTree[];
};

/** An entry of the answer to GET /tug/images/{name}/diff. `Kind`: 0 changed, 1 added, 2 deleted. */
export type ImageDifference = { readonly Path: string; readonly Kind: 0 | 1 | 2 };

/** Answer to POST /images/prune. Source: swagger.yaml, `ImagePruneResponse`. */
export type ImagesPruned = {
  readonly ImagesDeleted: readonly ImageDeleted[] | null;
  readonly SpaceReclaimed: number;
};

/** An entry of the answer to DELETE /images/{name}. Source: swagger.yaml, `ImageDeleteResponseItem`. */
export type ImageDeleted = { readonly Untagged?: string | undefined; readonly Deleted?: string | undefined };
