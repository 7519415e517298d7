import { jsonPointer } from "../../../../../base/index.ts";
import type { MountRequest, SecretVariable } from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";
import { type Path, refuse } from "./origins.ts";

/** Checks and cleans a path in the container. */
type TargetOf = (target: string, path: Path) => string;

/** The highest number that a user can have: the one above stands for none. */
const MAX_ID = 0xffff_fffe;

/** Members of HostConfig with files, and where such a file is seen unless its target is absolute. */
const members = { Secrets: "/run/secrets", Configs: "" } as const;

/**
 * The secrets and configs that are to be files. A relative target lies in /run/secrets, or in / for a config, as in
 * Docker's swarms.
 *
 * @throws DOCKER_CREATE_VALUE
 */
export function translateDataFiles(host: dockerApi.HostConfig, targetOf: TargetOf): MountRequest[] {
  const secrets = (host.Secrets ?? []).flatMap((file, index): MountRequest[] =>
    file.Env === undefined
      ? [
          {
            type: "secret",
            secret: file.Source,
            ...placeOf(file, ["HostConfig", "Secrets", index], targetOf),
          },
        ]
      : [],
  );
  const configs = (host.Configs ?? []).map((file, index): MountRequest => {
    return {
      type: "config",
      config: file.Source,
      ...placeOf(file, ["HostConfig", "Configs", index], targetOf),
    };
  });
  return [...secrets, ...configs];
}

function placeOf(
  { Source, Target, UID, GID, Mode }: dockerApi.ConfigFile,
  path: readonly [string, keyof typeof members, number],
  targetOf: TargetOf,
) {
  const name = Target || Source;
  return {
    target: targetOf(name.startsWith("/") ? name : `${members[path[1]]}/${name}`, [...path, "Target"]),
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
