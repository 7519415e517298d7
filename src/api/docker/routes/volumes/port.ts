import type { VolumeService, VolumeView } from "../../../../engine/index.ts";

export type { VolumeView };

/**
 * What the volume routes need of the engine.
 *
 * | situation | kind |
 * | --- | --- |
 * | no such volume | notFound |
 * | containers have it | conflict |
 */
export type VolumesPort = VolumeService;
