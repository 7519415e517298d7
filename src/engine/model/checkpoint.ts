/** What a checkpoint is to be like. */
export type CheckpointRequest = {
  readonly name: string;
  /** Absolute path of a directory of the host; undefined: the container's own, which goes with it. */
  readonly directory?: string | undefined;
  /** The container goes on. */
  readonly leaveRunning: boolean;
};

/** Which checkpoint of a container is meant. */
export type CheckpointReference = Pick<CheckpointRequest, "name" | "directory">;
