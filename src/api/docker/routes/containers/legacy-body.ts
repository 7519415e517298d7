import type { dockerApi } from "../../../../specs/index.ts";

/**
 * What a create body means in the API version that its sender speaks: fields that were not there yet are dropped, and
 * old defaults are written out. Source: version history of the API, 1.40 to 1.44.
 */
export function readInVersion(
  body: dockerApi.CreateBody,
  version: dockerApi.ApiVersion,
): dockerApi.CreateBody {
  const host = { ...body.HostConfig };
  if (version < 40 && !host.IpcMode) host.IpcMode = "shareable";
  if (version < 42) delete host.ConsoleSize;
  if (version < 43) delete host.Annotations;
  if (version < 44) host.Mounts = (host.Mounts ?? []).map(withPlainReadOnly);
  return { ...body, HostConfig: host };
}

/** Before 1.44 read-only did not reach the mounts below a bind mount. */
function withPlainReadOnly(mount: dockerApi.Mount): dockerApi.Mount {
  if (mount.Type !== "bind" || !mount.ReadOnly) return mount;
  return { ...mount, BindOptions: { ...mount.BindOptions, ReadOnlyNonRecursive: true } };
}
