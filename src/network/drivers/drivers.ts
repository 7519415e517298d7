import type { Network } from "../model.ts";
import { bridgeDriver } from "./bridge.ts";
import type { NetworkDriver } from "./driver.ts";
import { ipvlanDriver } from "./ipvlan.ts";
import { macvlanDriver } from "./macvlan.ts";

const drivers: Readonly<Record<Network["driver"], NetworkDriver>> = {
  bridge: bridgeDriver,
  macvlan: macvlanDriver,
  ipvlan: ipvlanDriver,
};

/** The driver of a network, or of one that is to be made. */
export function driverOf({ driver = "bridge" }: { readonly driver?: Network["driver"] }): NetworkDriver {
  return drivers[driver];
}
