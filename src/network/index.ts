export { parseIp } from "./address/ip.ts";
export type { Attachment, AttachOptions, AttachRequest, NetworkWish, PortWish } from "./attachments.ts";
export { parseResolvConf, reachableServers } from "./dns/resolvers.ts";
export type { Joiner } from "./join.ts";
export { listenersAt } from "./listeners.ts";
export type { PortFacts, PublicationFacts } from "./look-at-port.ts";
export {
  type Bandwidth,
  DEFAULT_NETWORK,
  type DriverRequest,
  type Endpoint,
  type Network,
  type NetworkRequest,
  type Publication,
} from "./model.ts";
export { answersNames, hostServers } from "./name-servers.ts";
export { type Networks, type NetworksOptions, openNetworks } from "./networks.ts";
export type { Protocol } from "./nftables/ruleset.ts";
export { openShortcut } from "./shortcut/shortcut.ts";
export { networkMigrations } from "./store.ts";
