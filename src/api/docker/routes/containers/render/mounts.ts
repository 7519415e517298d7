import type { DataMount, MountRequest, SecretVariable } from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";

/** The mounts that were written as `-v` texts. */
export function renderBinds(mounts: readonly MountRequest[]): string[] {
  return mounts.flatMap((mount) => (mount.type !== "tmpfs" && mount.spec !== undefined ? [mount.spec] : []));
}

/** The mounts that were written with `--tmpfs`, options by target. */
export function renderTmpfs(mounts: readonly MountRequest[]): Record<string, string> {
  const entries = mounts.flatMap((mount): [string, string][] =>
    mount.type === "tmpfs" && mount.spec !== undefined ? [[mount.target, mount.spec]] : [],
  );
  return Object.fromEntries(entries);
}

/** The targets of anonymous volumes that were asked for in Config.Volumes, or that the image declares. */
export function renderVolumes(mounts: readonly MountRequest[]): Record<string, object> {
  return Object.fromEntries(mounts.filter(isDeclaredVolume).map((mount) => [mount.target, {}]));
}

/** The mounts that were written as objects. */
export function renderMounts(mounts: readonly MountRequest[]): dockerApi.Mount[] {
  return mounts
    .filter((mount) => mount.type !== "secret" && mount.type !== "config")
    .filter((mount) => mount.spec === undefined && !isDeclaredVolume(mount))
    .map(renderMount);
}

/** The secrets; undefined where there are none. */
export function renderSecrets(
  mounts: readonly MountRequest[],
  variables: readonly SecretVariable[] = [],
): dockerApi.SecretFile[] | undefined {
  const files = mounts.flatMap((mount) =>
    mount.type === "secret" ? [{ Source: mount.secret, ...placeOf(mount) }] : [],
  );
  const all = [...files, ...variables.map(({ secret, variable }) => ({ Source: secret, Env: variable }))];
  return all.length === 0 ? undefined : all;
}

/** The configs; undefined where there are none. */
export function renderConfigs(mounts: readonly MountRequest[]): dockerApi.ConfigFile[] | undefined {
  const files = mounts.flatMap((mount) =>
    mount.type === "config" ? [{ Source: mount.config, ...placeOf(mount) }] : [],
  );
  return files.length === 0 ? undefined : files;
}

function placeOf({ target, uid, gid, mode }: MountRequest & DataMount) {
  return { Target: target, UID: uid, GID: gid, Mode: mode };
}

function isDeclaredVolume(mount: MountRequest): boolean {
  return mount.type === "volume" && mount.spec === undefined && !mount.from.startsWith("/HostConfig/");
}

function renderMount(mount: Exclude<MountRequest, DataMount>): dockerApi.Mount {
  const common = { Type: mount.type, Target: mount.target, ReadOnly: mount.readOnly };
  switch (mount.type) {
    case "bind":
      return {
        ...common,
        Source: mount.source,
        BindOptions: {
          Propagation: mount.propagation,
          NonRecursive: !mount.recursive,
          CreateMountpoint: mount.createSource,
          ReadOnlyNonRecursive: mount.readOnlyRecursive === "never",
          ReadOnlyForceRecursive: mount.readOnlyRecursive === "always",
        },
      };
    case "volume":
      return {
        ...common,
        Source: mount.name,
        VolumeOptions: {
          NoCopy: mount.noCopy,
          Labels: mount.labels,
          Subpath: mount.subpath,
          DriverConfig: { Name: mount.driver, Options: mount.driverOptions },
        },
      };
    case "tmpfs":
      return {
        ...common,
        TmpfsOptions: {
          SizeBytes: mount.sizeBytes,
          Mode: mount.mode,
          Options: mount.options.map((option) => option.split(/=(.*)/s, 2)),
        },
      };
    case "image":
      return { ...common, Source: mount.image, ImageOptions: { Subpath: mount.subpath } };
  }
}
