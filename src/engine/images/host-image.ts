import { arch } from "node:os";
import type { ContainerImage, ContainerRoot } from "../containers/image-source.ts";

/** The name that stands for the machine's own files. */
const HOST = "@host";

/** Whether a reference means the machine's own root file system rather than an image. */
export function isHostImage(reference: string): boolean {
  return reference === HOST;
}

/**
 * The machine's own root file system as an image: a container sees a copy-on-write view of it without what is mounted
 * below, and what it writes is kept in memory until it stops.
 */
export function hostImage(): ContainerImage {
  return {
    recorded: {
      id: HOST,
      defaults: { Cmd: ["/bin/sh"] },
      architecture: arch() === "x64" ? "amd64" : "arm64",
      os: "linux",
      volumes: [],
      labels: {},
      size: 0,
    },
    chainId: undefined,
    manifest: undefined,
  };
}

/** What such a container's root is made of. */
export const hostRoot: ContainerRoot = { source: { kind: "scratch", lower: "/" }, layers: ["/"] };
