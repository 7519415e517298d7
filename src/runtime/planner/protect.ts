import { mountAttributes, propagationFlags } from "../../plan/index.ts";
import { mountLabel } from "./labels.ts";
import { type Deferred, type MountContext, rootPropagation } from "./mounts.ts";

/**
 * What is done to the finished root from inside: kernel parameters while /proc/sys can be written, then read-only
 * paths, then masks, and the root itself last.
 */
export function planProtection({ builder, input, root }: MountContext, deferred: Deferred): void {
  const { linux, root: rootfs } = input.spec;
  const label = mountLabel(input);
  for (const [key, value] of Object.entries(linux?.sysctl ?? {})) {
    builder.init.push({
      op: "sysctl",
      from: `/linux/sysctl/${pointerStep(key)}`,
      key: sysctlPath(key),
      value,
    });
  }
  builder.init.push(...deferred);
  if (rootfs.readonly === true) {
    builder.init.push({
      op: "setMount",
      from: "/root/readonly",
      root,
      target: "/",
      set: BigInt(mountAttributes.RDONLY),
    });
  }
  for (const [index, path] of (linux?.readonlyPaths ?? []).entries()) {
    builder.init.push({ op: "readOnly", from: `/linux/readonlyPaths/${index}`, root, path });
  }
  for (const [index, path] of (linux?.maskedPaths ?? []).entries()) {
    builder.init.push({
      op: "mask",
      from: `/linux/maskedPaths/${index}`,
      root,
      path,
      ...(label && { label }),
    });
  }
  if (rootPropagation(linux?.rootfsPropagation) === propagationFlags.UNBINDABLE) {
    const propagation = propagationFlags.UNBINDABLE;
    builder.init.push({ op: "setMount", from: "/linux/rootfsPropagation", root, target: "/", propagation });
  }
}

/**
 * The path below /proc/sys of a key with dots or slashes. Whichever separator comes first separates the steps; the
 * other one belongs to a name. Source: sysctl(8)
 */
export function sysctlPath(key: string): string {
  const slash = key.indexOf("/");
  const dot = key.indexOf(".");
  if (dot < 0 || (slash >= 0 && slash < dot)) return key;
  return key.replace(/[./]/g, (separator) => (separator === "." ? "/" : "."));
}

function pointerStep(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
