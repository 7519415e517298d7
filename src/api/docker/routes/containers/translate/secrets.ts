import { jsonPointer } from "../../../../../base/index.ts";
import type { MountRequest } from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";
import { type Path, refuse } from "./origins.ts";

/** Where a secret is seen unless its target is absolute. */
const DIRECTORY = "/run/secrets";

/** The highest number that a user can have: the one above stands for none. */
const MAX_ID = 0xffff_fffe;

/**
 * A secret as a file. A relative target lies in /run/secrets.
 *
 * @param targetOf checks and cleans the path in the container
 * @throws DOCKER_CREATE_VALUE
 */
export function translateSecret(
  { Source, Target, UID, GID, Mode }: dockerApi.SecretFile,
  path: Path,
  targetOf: (target: string, path: Path) => string,
): MountRequest {
  const name = Target || Source;
  return {
    type: "secret",
    secret: Source,
    target: targetOf(name.startsWith("/") ? name : `${DIRECTORY}/${name}`, [...path, "Target"]),
    uid: within(UID ?? 0, MAX_ID, [...path, "UID"]),
    gid: within(GID ?? 0, MAX_ID, [...path, "GID"]),
    mode: within(Mode ?? 0o444, 0o777, [...path, "Mode"]),
    readOnly: true,
    from: jsonPointer(path),
  };
}

function within(value: number, most: number, path: Path): number {
  if (value >= 0 && value <= most) return value;
  throw refuse(path, `${value} is not between 0 and ${most}`);
}
