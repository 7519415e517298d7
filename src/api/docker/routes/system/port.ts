import type { EngineEvent, InfoFacts, VersionFacts } from "../../../../engine/index.ts";

/** What the system routes need of the engine. */
export interface SystemPort {
  version(): Promise<VersionFacts>;
  info(): Promise<InfoFacts>;
  diskUsage(signal: AbortSignal): Promise<DiskUsageFacts>;
  /**
   * What happens from now on, and before it what happened since `since`. Ends at `until`.
   *
   * @param options moments in milliseconds since 1970
   */
  events(options: EventsOptions, signal: AbortSignal): AsyncIterable<EngineEvent>;
}

export type DiskUsageFacts = {
  readonly layersBytes: number;
  /** Of each image, by id, the bytes of layers that other images have too. */
  readonly sharedBytes: Readonly<Record<string, number>>;
};

export type EventsOptions = { readonly since?: number | undefined; readonly until?: number | undefined };
