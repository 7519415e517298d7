import { stat } from "node:fs/promises";
import type { Spec } from "../../specs/oci-runtime/index.ts";

/** Settings of the machine's administrator for every container, whichever runtime calls criu. */
const USUAL = "/etc/criu/runc.conf";
const ANNOTATION = "org.criu.config";

/**
 * The file whose settings overrule what criu is asked for: that of the annotation `org.criu.config`, where an empty one
 * means none, else runc's.
 *
 * Source: https://github.com/opencontainers/runc/blob/v1.3.0/docs/checkpoint-restore.md
 */
export async function configFileOf({ annotations }: Pick<Spec, "annotations">): Promise<string | undefined> {
  const path = annotations?.[ANNOTATION];
  if (path !== undefined) return path === "" ? undefined : path;
  const found = await stat(USUAL).catch(() => undefined);
  return found?.isFile() ? USUAL : undefined;
}
