import type { ConfigService, DataService, NamedDataView } from "../../../../engine/index.ts";

export type { NamedDataView };

/**
 * What the routes of secrets need of the engine.
 *
 * | situation | kind |
 * | --- | --- |
 * | none of that name | notFound |
 * | containers have it, or there is one of the name | conflict |
 */
export type SecretsPort = DataService;

/** The same for those of configs. */
export type ConfigsPort = ConfigService;
