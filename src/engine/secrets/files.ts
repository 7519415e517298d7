import { createHash } from "node:crypto";
import { chmod, chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SecretMount } from "../model/mount-request.ts";
import type { Secrets } from "./secrets.ts";

/** Where a secret lies on the host while a container runs that has it at a target. */
export function secretFile(runDirectory: string, target: string): string {
  return join(runDirectory, "secrets", createHash("sha256").update(target).digest("hex").slice(0, 32));
}

/**
 * Writes the file of a secret. Its directory goes with the run; before there is anything to read in the file it has its
 * owner.
 *
 * @throws ENGINE_SECRET_NOT_FOUND
 */
export async function writeSecretFile(
  secrets: Pick<Secrets, "read">,
  path: string,
  { secret, uid, gid, mode }: SecretMount,
): Promise<void> {
  const data = secrets.read(secret);
  await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
  await writeFile(path, "", { mode: 0o600 });
  await chown(path, uid, gid);
  await writeFile(path, data);
  await chmod(path, mode);
}
