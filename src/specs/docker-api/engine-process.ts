/** Answer to GET /tug/engine: the process that serves. */
export type EngineProcess = {
  /** Of tug. */
  readonly Version: string;
  /** Differs between any two builds, also of the same version. */
  readonly Build: string;
  readonly Pid: number;
};
