import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory that goes away with its scope: `await using directory = await temporaryDirectory()`. */
export type TemporaryDirectory = AsyncDisposable & { readonly path: string };

/** Makes an empty directory of mode 0700. What is mounted below it when it goes is unmounted, never removed. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), "tug-"));
  return { path, [Symbol.asyncDispose]: () => removeTree(path) };
}

/** Removes a tree after unmounting all below it. */
export async function removeTree(path: string): Promise<void> {
  for (const mountPoint of mountsBelow(path)) execFileSync("umount", ["--lazy", mountPoint]);
  await rm(path, { recursive: true, force: true });
}

/** The mount points at or below a directory in this mount namespace, the last mounted first. */
export function mountsBelow(path: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) =>
      (line.split(" ")[4] ?? "").replace(/\\(\d{3})/g, (_, octal) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    )
    .filter((mountPoint) => mountPoint === path || mountPoint.startsWith(`${path}/`))
    .reverse();
}
