import { createHash } from "node:crypto";
import { chmod, chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DataMount } from "../model/mount-request.ts";
import { dataKinds } from "./kinds.ts";

/** Where a secret or a config lies on the host while a container runs that has it at a target. */
export function dataFile(runDirectory: string, { type, target }: Placed): string {
  const name = createHash("sha256").update(target).digest("hex").slice(0, 32);
  return join(runDirectory, dataKinds[type].table, name);
}

type Placed = { readonly type: DataMount["type"]; readonly target: string };

/**
 * Writes the file of a secret or a config. Its directory goes with the run; before there is anything to read in the file
 * it has its owner.
 */
export async function writeDataFile(
  path: string,
  { uid, gid, mode }: DataMount,
  data: Uint8Array,
): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
  await writeFile(path, "", { mode: 0o600 });
  await chown(path, uid, gid);
  await writeFile(path, data);
  await chmod(path, mode);
}
