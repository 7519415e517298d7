import type { SecretService, SecretView } from "../../../../engine/index.ts";

export type { SecretView };

/**
 * What the secret routes need of the engine.
 *
 * | situation | kind |
 * | --- | --- |
 * | no such secret | notFound |
 * | containers have it, or there is one of the name | conflict |
 */
export type SecretsPort = SecretService;
