import { defineErrors } from "../base/index.ts";

/** Raises the failures of the network module. */
export const networkError = defineErrors("NETWORK", {
  ADDRESS: { kind: "invalid", when: "an address or a subnet is malformed or does not fit its network" },
});
