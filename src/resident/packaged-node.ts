import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { residentError } from "./errors.ts";

/** The first Node that engines run on. */
const LEAST_MAJOR = 24;

/**
 * The Node that engines run on: the one that was installed with the package, within it or beside it, else the caller's own
 * if it is new enough.
 *
 * @throws ENGINE_PROCESS_START when there is neither
 */
export function packagedNode(packageDirectory: string): string {
  const name = `node-linux-${process.arch}/bin/node`;
  const found = [join(packageDirectory, "node_modules", name), join(packageDirectory, "..", name)].find(
    isExecutable,
  );
  if (found !== undefined) return found;
  if (Number.parseInt(process.versions.node, 10) >= LEAST_MAJOR) return process.execPath;
  throw residentError("START", `cannot start the engine: its Node is missing in ${packageDirectory}`, {
    hint: "install tug again, with optional dependencies",
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
