export { parseIp } from "./address/ip.ts";
export type { Attachment, AttachRequest, NetworkWish, PortWish } from "./attachments.ts";
export { parseResolvConf } from "./dns/resolvers.ts";
export type { Joiner } from "./join.ts";
export type { Endpoint, Network, NetworkRequest, Publication } from "./model.ts";
export { DEFAULT_NETWORK, type Networks, type NetworksOptions, openNetworks } from "./networks.ts";
export type { Protocol } from "./nftables/ruleset.ts";
export { networkMigrations } from "./store.ts";
