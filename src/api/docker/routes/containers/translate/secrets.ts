import { jsonPointer } from "../../../../../base/index.ts";
import type { MountRequest, SecretVariable } from "../../../../../engine/index.ts";
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

/**
 * The secrets that are to be variables.
 *
 * @throws DOCKER_CREATE_VALUE, among others when two have the same variable
 */
export function translateSecretEnv(secrets: readonly dockerApi.SecretFile[]): SecretVariable[] | undefined {
  const taken = new Set<string>();
  const variables = secrets.flatMap(({ Source, Env, Target, UID, GID, Mode }, index) => {
    if (Env === undefined) return [];
    const path = ["HostConfig", "Secrets", index];
    const variable = Env || Source;
    if (!/^[^=\0]+$/.test(variable)) throw refuse([...path, "Env"], `${JSON.stringify(variable)} is no name`);
    if (taken.has(variable)) throw refuse([...path, "Env"], `two secrets are to be the variable ${variable}`);
    if ([Target, UID, GID, Mode].some((member) => member !== undefined))
      throw refuse(path, "a variable has no target, owner and mode of a file");
    taken.add(variable);
    return [{ variable, secret: Source, from: jsonPointer(path) }];
  });
  return variables.length === 0 ? undefined : variables;
}

function within(value: number, most: number, path: Path): number {
  if (value >= 0 && value <= most) return value;
  throw refuse(path, `${value} is not between 0 and ${most}`);
}
