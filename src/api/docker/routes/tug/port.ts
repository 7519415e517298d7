import type { CreateContainerRequest } from "../containers/create-request.ts";

/** What the routes below /tug need of the engine: showing what would be, or was, executed. */
export interface PlansPort {
  /** The plan that `create` and `start` would execute. Has no effect. A missing image is `notFound`. */
  explain(request: CreateContainerRequest, signal: AbortSignal): Promise<Explained>;
  /** The plan that a container was, or will be, started with. */
  planOf(reference: string): Promise<Explained>;
}

export type Explained = {
  /** The digest that the helper reports when it has executed these very bytes. */
  readonly digest: string;
  /** The plan in lines for people, each with where it comes from. */
  readonly text: string;
  /** The plan as JSON. */
  readonly plan: unknown;
};
