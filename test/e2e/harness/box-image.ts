import { readFileSync } from "node:fs";
import {
  type BuiltImage,
  buildImage,
  busyboxEntries,
  type ImageFixture,
  probeProgram,
} from "../../environment/index.ts";

/**
 * An image with busybox, the probe as /bin/probe, users and groups; command `sh`. What is given is added to it.
 * Needs `debianProgram("busybox")` and `probeProgram()`.
 */
export function boxImage(fixture: Partial<ImageFixture> = {}): BuiltImage {
  const { layers = [], config = {}, ...rest } = fixture;
  const probe = { path: "bin/probe", content: readFileSync(probeProgram().path), mode: 0o755 };
  return buildImage({
    layers: [{ entries: [...busyboxEntries(), probe] }, ...layers],
    config: { Cmd: ["sh"], Env: ["PATH=/bin"], ...config },
    ...rest,
  });
}
