import type { dockerApi } from "../../../../specs/index.ts";
import type { VolumeView } from "./port.ts";

/** A volume as the API shows it. Source: swagger.yaml, `Volume`. */
export function renderVolume({ name, createdAt, labels, options, mountpoint }: VolumeView): dockerApi.Volume {
  return {
    CreatedAt: createdAt,
    Driver: "local",
    Labels: unlessEmpty(labels),
    Mountpoint: mountpoint,
    Name: name,
    Options: unlessEmpty(options),
    Scope: "local",
  };
}

function unlessEmpty(map: Readonly<Record<string, string>>): Readonly<Record<string, string>> | null {
  return Object.keys(map).length === 0 ? null : map;
}
