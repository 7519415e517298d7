import { defineErrors } from "../base/index.ts";

/** Raises the failures of the network module. */
export const networkError = defineErrors("NETWORK", {
  CONNECTED: { kind: "forbidden", when: "a container is to be connected to a network that it is on already" },
  NOT_CONNECTED: { kind: "notFound", when: "a container is to leave a network that it is not on" },
  ADDRESS: { kind: "invalid", when: "an address or a subnet is malformed or does not fit its network" },
  ADDRESS_TAKEN: { kind: "conflict", when: "an address that was asked for is in use" },
  AMBIGUOUS: { kind: "invalid", when: "the beginning of an id fits several networks" },
  BANDWIDTH: {
    kind: "invalid",
    when: "a limit of a network's links is out of range, or its driver cannot have it",
  },
  BRIDGE_TAKEN: { kind: "conflict", when: "a bridge that was asked for belongs to another network" },
  EXHAUSTED: { kind: "exhausted", when: "there is no free subnet, address or port" },
  IN_USE: { kind: "conflict", when: "a network is to go that containers are connected to" },
  NAME: { kind: "invalid", when: "a name has characters that networks' names cannot have, or is reserved" },
  NAME_TAKEN: { kind: "conflict", when: "another network has the name" },
  NOT_FOUND: { kind: "notFound", when: "no network has this name or id" },
  PARENT: {
    kind: "invalid",
    when: "a link that containers' links shall be made on is not there, or cannot be that",
  },
  PARENT_TAKEN: { kind: "conflict", when: "a link has another network's containers on it, in another way" },
  PREDEFINED: { kind: "forbidden", when: "a network is to go that every engine has" },
  PORT_TAKEN: { kind: "conflict", when: "a port of the host belongs to another container or program" },
});
