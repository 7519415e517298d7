import type * as dockerApi from "../../../specs/docker-api/index.ts";
import { type CallOptions, pathOf } from "./container-calls.ts";
import type { Transport } from "./transport.ts";

/** Where checkpoints are. */
export type CheckpointPlace = CallOptions & {
  /** Absolute path of a directory on the engine's machine. Left out: the container's own, which goes with it. */
  readonly directory?: string | undefined;
};

/** How a checkpoint is made. */
export type CheckpointOptions = CheckpointPlace & {
  /** The container goes on. Left out: it ends. */
  readonly leaveRunning?: boolean;
};

/**
 * Calls about checkpoints: what the processes of a container are, in files. `containers.start` goes on from one.
 * `container` is an id, a name or an unambiguous beginning of an id.
 */
export type CheckpointCalls = {
  /** Makes one of a container that runs; `conflict` when it has one of that name. Resolves when the container has ended, if it is to. */
  create(container: string, name: string, options?: CheckpointOptions): Promise<void>;
  /** Those of a container; of a directory all that are there. */
  list(container: string, options?: CheckpointPlace): Promise<dockerApi.Checkpoint[]>;
  /** Removes one. */
  remove(container: string, name: string, options?: CheckpointPlace): Promise<void>;
};

export function createCheckpointCalls(transport: Transport): CheckpointCalls {
  const path = (container: string) => `${pathOf(container)}/checkpoints`;
  return {
    create(container, name, { directory, leaveRunning = false, signal } = {}) {
      const json: dockerApi.CheckpointBody = {
        CheckpointID: name,
        ...(directory !== undefined && { CheckpointDir: directory }),
        Exit: !leaveRunning,
      };
      return transport.sendForNothing({ method: "POST", path: path(container), json, signal });
    },
    list: (container, { directory, signal } = {}) =>
      transport.sendForJson({ method: "GET", path: path(container), query: { dir: directory }, signal }),
    remove: (container, name, { directory, signal } = {}) =>
      transport.sendForNothing({
        method: "DELETE",
        path: `${path(container)}/${encodeURIComponent(name)}`,
        query: { dir: directory },
        signal,
      }),
  };
}
