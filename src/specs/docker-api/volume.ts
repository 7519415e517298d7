import type * as v from "valibot";
import { optional, struct, text, textMap } from "./fields.ts";
import { parseJson } from "./parse.ts";

const createBody = struct({
  Name: optional(text),
  Driver: optional(text),
  DriverOpts: optional(textMap),
  Labels: optional(textMap),
});

/** The body of POST /volumes/create. Source: swagger.yaml, `VolumeCreateOptions`. */
export type VolumeCreateBody = v.InferOutput<typeof createBody>;

/** @throws DOCKER_API_BODY with the JSON pointer of the first wrong field */
export function parseVolumeCreateBody(body: string): VolumeCreateBody {
  return parseJson(createBody, body, "the volume create body");
}

/** A volume in answers. Source: swagger.yaml, `Volume`. */
export type Volume = {
  readonly CreatedAt: string;
  readonly Driver: "local";
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Mountpoint: string;
  readonly Name: string;
  readonly Options: Readonly<Record<string, string>> | null;
  readonly Scope: "local";
};

/** A volume in the answer to GET /system/df: with the bytes that it takes and how many containers have it. */
export type VolumeUsage = Volume & {
  readonly UsageData: { readonly Size: number; readonly RefCount: number };
};

/** Answer to GET /volumes. */
export type VolumeList = { readonly Volumes: readonly Volume[]; readonly Warnings: readonly string[] | null };

/** Answer to POST /volumes/prune. */
export type VolumesPruned = {
  readonly VolumesDeleted: readonly string[] | null;
  readonly SpaceReclaimed: number;
};
