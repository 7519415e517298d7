import { messageOf } from "../../base/index.ts";
import { readConfig } from "../../config/index.ts";
import type { SnapshotForm } from "../../images/index.ts";
import { engineError } from "../errors.ts";
import type { EngineOptions } from "../open-engine.ts";

const choices: readonly SnapshotForm[] = ["overlay", "erofs"];

/** Reads the setting; left out or empty it says nothing. @throws ENGINE_REQUEST */
export function parseSnapshotter(text: string | undefined): SnapshotForm | undefined {
  if (!text) return undefined;
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw engineError("REQUEST", `cannot use ${JSON.stringify(text)} as the snapshotter`, {
    hint: `it is one of ${choices.join(", ")}`,
  });
}

/**
 * How an engine keeps layers that come from now on: as it was told, else as the configuration says, else undefined. A
 * configuration that cannot be read keeps no engine from starting; who needs it for a container is told why.
 */
export async function chooseSnapshotter({
  snapshotter,
  config,
  logger,
}: Pick<EngineOptions, "snapshotter" | "config" | "logger">): Promise<SnapshotForm | undefined> {
  if (snapshotter !== undefined) return snapshotter;
  try {
    return (await readConfig(config)).snapshotter;
  } catch (error) {
    logger.log("error", "config.refused", { reason: messageOf(error) });
    return undefined;
  }
}
