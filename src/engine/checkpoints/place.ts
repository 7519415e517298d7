import { randomBytes } from "node:crypto";
import { isAbsolute, join, normalize } from "node:path";
import type { EngineLayout } from "../../base/index.ts";
import { engineError } from "../errors.ts";

/** The directory in a container's own that its checkpoints are in. */
const OWN = "checkpoints";
/** The file in a checkpoint that says what it is, as Docker has it. */
export const ABOUT = "config.json";

/**
 * The directory that a container's checkpoints are in: its own, which goes with it, or one of the host.
 *
 * @throws ENGINE_CHECKPOINT_NAME for a path that is not absolute
 */
export function checkpointsOf(
  layout: Pick<EngineLayout, "container">,
  id: string,
  directory: string | undefined,
): string {
  if (directory === undefined || directory === "") return join(layout.container(id), OWN);
  if (isAbsolute(directory) && !directory.includes("\0")) return normalize(directory);
  throw engineError("CHECKPOINT_NAME", `invalid checkpoint directory ${JSON.stringify(directory)}`, {
    hint: "give an absolute path of the machine that the engine runs on",
  });
}

/** Docker's rule, which leaves no way to a path: letters, digits, _ . and -. @throws ENGINE_CHECKPOINT_NAME */
export function checkCheckpointName(name: string): void {
  if (isCheckpointName(name)) return;
  const shown = name.slice(0, 80);
  throw engineError(
    "CHECKPOINT_NAME",
    `Invalid checkpoint ID (${shown}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    { hint: "use at least two letters, digits, _ . or -, beginning with a letter or digit" },
  );
}

/** Whether a directory of that name can be a finished checkpoint. */
export function isCheckpointName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) && name.length <= 128;
}

/** Where a checkpoint is made, beside the place that it gets when it is whole. No name of a checkpoint is like it. */
export function unfinishedPath(directory: string, name: string): string {
  return join(directory, `.${name}.${randomBytes(6).toString("hex")}`);
}
