import type {
  Bandwidth,
  NetworkDriverRequest,
  NetworkService,
  NetworkView,
} from "../../../../engine/index.ts";

export type { Bandwidth, NetworkDriverRequest, NetworkView };

/**
 * What the network routes need of the engine.
 *
 * | situation | kind |
 * | --- | --- |
 * | no such network | notFound |
 * | the name is taken, containers are connected to it | conflict |
 * | it is one that every engine has | forbidden |
 */
export type NetworksPort = NetworkService;
