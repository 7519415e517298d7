import assert from "node:assert/strict";
import { busyboxEntries } from "./busybox.ts";
import { buildImage, dockerArchive } from "./image.ts";
import type { TugInstance } from "./tug.ts";

/**
 * Loads an image `busybox:latest` into an engine. Needs `debianProgram("busybox")`.
 *
 * @param config of the image: Cmd, Env, Healthcheck ...
 */
export async function loadBusybox(
  instance: TugInstance,
  config: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const image = buildImage({
    layers: [{ entries: busyboxEntries() }],
    config: { Cmd: ["sh"], Env: ["PATH=/bin:/usr/bin"], ...config },
  });
  const { code, stderr } = await instance.tug(["load"], {
    input: dockerArchive({ "busybox:latest": image }),
  });
  assert.equal(code, 0, stderr);
}
