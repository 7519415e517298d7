import { cloneMountFlags, type Op, propagationFlags, type Slot } from "../../plan/index.ts";
import type { CreateInput, RootSource, ScratchRoot } from "./input.ts";

/** A root file system that is there before the plan runs: a directory, or an overlay of several. */
export type StandingRoot = Exclude<RootSource, ScratchRoot>;

/** What of a container tells where its root file system is. */
type RootPlace = Pick<CreateInput, "spec" | "bundle">;

/** The absolute path of a container's root file system: what is relative in a configuration is so to its bundle. */
export function rootPath({ spec: { root }, bundle }: RootPlace): string {
  return root.path.startsWith("/") ? root.path : `${bundle}/${root.path}`;
}

/** What a root's mount is made of: the pointer that errors name, the directory, and where the mount is kept. */
type RootMount = { readonly from: string; readonly path: string; readonly out: Slot };

/** The detached mount of a root: a clone of its directory with everything below, or an overlay. Nobody shares it. */
export function mountRoot(root: StandingRoot, { from, path, out }: RootMount): Op[] {
  if (root.kind === "overlay") return [overlayRoot(root, { from, out })];
  return [
    { op: "cloneMount", from, path, flags: cloneMountFlags.RECURSIVE, out },
    { op: "changeMount", from, mount: out, propagation: propagationFlags.PRIVATE, recursive: 1 },
  ];
}

/** The detached mount of a root that is an overlay. */
export function overlayRoot(
  { lowers, upper, work, options = [] }: Extract<RootSource, { kind: "overlay" }>,
  { from, out }: Pick<RootMount, "from" | "out">,
): Op {
  return {
    op: "overlay",
    from,
    lowers,
    ...(upper !== undefined && { upper }),
    ...(work !== undefined && { work }),
    options,
    out,
  };
}
