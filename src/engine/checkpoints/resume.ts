import { join } from "node:path";
import type { RestoreSettings } from "../../runtime/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { CheckpointReference } from "../model/checkpoint.ts";
import type { RememberedEndpoint } from "../networks/connect.ts";
import { readCheckpoint } from "./files.ts";
import { checkCheckpointName, checkpointsOf } from "./place.ts";
import { criuSettings } from "./settings.ts";

/** What a container goes on from. */
export type Resumption = {
  readonly settings: RestoreSettings;
  /** Addresses that it had. */
  readonly endpoints: readonly RememberedEndpoint[];
};

/**
 * What a container is started from instead of its program.
 *
 * @throws ENGINE_CHECKPOINT_NAME, ENGINE_CHECKPOINT_NOT_FOUND, ENGINE_CHECKPOINT for a container of another runtime
 */
export async function findResumption(
  context: EngineContext,
  record: ContainerRecord,
  { name, directory: asked }: CheckpointReference,
): Promise<Resumption> {
  checkCheckpointName(name);
  const directory = checkpointsOf(context.layout, record.id, asked);
  const { endpoints } = await readCheckpoint(directory, { name, container: record.name });
  if (record.request.runtime !== undefined && record.request.runtime !== "tug") {
    throw engineError(
      "CHECKPOINT",
      `cannot start container ${record.name} from a checkpoint: its runtime is ${record.request.runtime}`,
      { hint: "use the default runtime, tug" },
    );
  }
  const criu = await context.findCriu();
  return { settings: criuSettings(context, record, { criu, images: join(directory, name) }), endpoints };
}
