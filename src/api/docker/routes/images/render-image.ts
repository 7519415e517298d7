import { dockerApi } from "../../../../specs/index.ts";
import type { HistoryEntry, Image } from "./port.ts";

/** An entry of GET /images/json. */
export function renderImageSummary(image: Image, version: dockerApi.ApiVersion): dockerApi.ImageSummary {
  // Before 1.43 an image without a name had "<none>" ones.
  const dangling = version < 43 && image.tags.length === 0;
  return {
    Id: image.id,
    ParentId: "",
    RepoTags: dangling ? ["<none>:<none>"] : image.tags,
    RepoDigests: dangling && image.digests.length === 0 ? ["<none>@<none>"] : image.digests,
    Created: secondsOf(image.createdAt),
    Size: image.sizeBytes,
    SharedSize: -1,
    VirtualSize: version < 44 ? image.sizeBytes : undefined,
    Labels: image.config.Labels ?? {},
    Containers: image.containers,
  };
}

/** The answer to GET /images/{name}/json. */
export function renderImageInspect(image: Image, version: dockerApi.ApiVersion): dockerApi.ImageInspect {
  return {
    Id: image.id,
    RepoTags: image.tags,
    RepoDigests: image.digests,
    Comment: image.comment ?? "",
    Created: image.createdAt ?? (version < 44 ? dockerApi.NEVER : undefined),
    Author: image.author ?? "",
    Config: image.config,
    Architecture: image.architecture,
    Variant: image.variant,
    Os: image.os,
    Size: image.sizeBytes,
    VirtualSize: version < 44 ? image.sizeBytes : undefined,
    RootFS: { Type: "layers", Layers: image.diffIds },
    Metadata: { LastTagTime: image.taggedAt ?? dockerApi.NEVER },
  };
}

/** An entry of GET /images/{name}/history. */
export function renderHistory(entry: HistoryEntry): dockerApi.ImageHistoryEntry {
  return {
    Id: entry.id ?? "<missing>",
    Created: entry.createdAt === undefined ? 0 : secondsOf(entry.createdAt),
    CreatedBy: entry.createdBy,
    Tags: entry.tags.length === 0 ? null : entry.tags,
    Size: entry.sizeBytes,
    Comment: entry.comment,
  };
}

/** Seconds since 1970, -1 where unknown. */
function secondsOf(moment: string | undefined): number {
  const milliseconds = moment === undefined ? Number.NaN : Date.parse(moment);
  return Number.isNaN(milliseconds) ? -1 : Math.floor(milliseconds / 1000);
}
