import { nodeTypes } from "../../plan/index.ts";
import type { LinuxDevice } from "../../specs/oci-runtime/index.ts";
import { allDevices } from "../defaults/devices.ts";
import { parseMountOptions } from "./mount-options.ts";
import type { MountContext } from "./mounts.ts";

/**
 * Links that every container has.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime-linux.md#dev-symbolic-links
 */
const links: readonly (readonly [path: string, target: string])[] = [
  ["/dev/fd", "/proc/self/fd"],
  ["/dev/stdin", "/proc/self/fd/0"],
  ["/dev/stdout", "/proc/self/fd/1"],
  ["/dev/stderr", "/proc/self/fd/2"],
  ["/dev/core", "/proc/kcore"],
  ["/dev/ptmx", "pts/ptmx"],
];

/** Device nodes and links, except where the caller binds a /dev of its own. */
export function planDevices(context: MountContext): void {
  const { builder, input, root } = context;
  const { spec } = input;
  const ownDev = (spec.mounts ?? []).some(
    ({ destination, options, type }) =>
      destination === "/dev" && (type === "bind" || parseMountOptions(options ?? []).bind !== "no"),
  );
  if (ownDev) return;
  const asked = spec.linux?.devices ?? [];
  for (const device of allDevices(asked)) {
    const index = asked.indexOf(device);
    pushDevice(context, device, index < 0 ? "default devices" : `/linux/devices/${index}`);
  }
  for (const [path, target] of links) {
    builder.init.push({ op: "symlink", from: "default links", root, path, target, ignore: ["EEXIST"] });
  }
}

function pushDevice({ builder, root, namespaces }: MountContext, device: LinuxDevice, from: string): void {
  const type = device.type === "b" ? nodeTypes.BLOCK : device.type === "p" ? nodeTypes.FIFO : nodeTypes.CHAR;
  builder.init.push({
    op: "device",
    from,
    root,
    path: device.path.replace(/(.)\/+$/, "$1"),
    type,
    major: device.major ?? 0,
    minor: device.minor ?? 0,
    mode: device.fileMode ?? 0o666,
    uid: device.uid ?? 0,
    gid: device.gid ?? 0,
    // mknod is refused in a user namespace whatever the capabilities.
    ...(namespaces.restricted && device.type !== "p" && { bind: device.path }),
  });
}
