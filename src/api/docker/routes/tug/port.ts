import type { CreateContainerRequest, Explained } from "../../../../engine/index.ts";

/** What the routes about the resident process need of it. */
export interface ProcessPort {
  describe(): { readonly version: string; readonly build: string; readonly pid: number };
  /**
   * Ends the process once the answer is out; containers go on.
   *
   * @throws a conflict when commands are under way
   */
  end(): void;
}

/** What the routes below /tug need of the engine: showing what would be, or was, executed. */
export interface PlansPort {
  /** The plan that `create` and `start` would execute. Has no effect. A missing image is `notFound`. */
  explain(request: CreateContainerRequest, signal: AbortSignal): Promise<Explained>;
  /** The plan that a container was, or will be, started with. */
  planOf(reference: string): Promise<Explained>;
}
