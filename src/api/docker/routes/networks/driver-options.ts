import { isIPv4 } from "node:net";
import { doorError } from "../../errors.ts";
import type { NetworkDriverRequest } from "./port.ts";

type Options = Readonly<Record<string, string>>;
type Driver = NonNullable<NetworkDriverRequest["driver"]>;

/** Options of Docker's network drivers that have a meaning here. */
const names = {
  mtu: "com.docker.network.driver.mtu",
  open: "com.docker.network.bridge.enable_icc",
  masquerade: "com.docker.network.bridge.enable_ip_masquerade",
  binding: "com.docker.network.bridge.host_binding_ipv4",
  bridge: "com.docker.network.bridge.name",
  parent: "parent",
  macvlanMode: "macvlan_mode",
  ipvlanMode: "ipvlan_mode",
  ipvlanFlag: "ipvlan_flag",
} as const;

const macvlanModes = ["bridge", "private", "vepa", "passthru"] as const;
const ipvlanModes = ["l2", "l3", "l3s"] as const;
const ipvlanFlags = ["bridge", "private", "vepa"] as const;

const readers: {
  readonly [D in Driver]: (options: Options) => Extract<NetworkDriverRequest, { driver?: D }>;
} = {
  bridge: readBridge,
  macvlan: (options) => ({
    driver: "macvlan",
    ...readParent(options),
    ...given("mode", readChoice(options, names.macvlanMode, macvlanModes)),
  }),
  ipvlan: (options) => ({
    driver: "ipvlan",
    ...readParent(options),
    ...given("mode", readChoice(options, names.ipvlanMode, ipvlanModes)),
    ...given("flag", readChoice(options, names.ipvlanFlag, ipvlanFlags)),
  }),
};

/**
 * What a client wants of a network's driver. Options without a meaning here are passed over.
 *
 * @throws DOOR_CREATE_UNSUPPORTED for a driver that is not there, DOOR_CREATE_VALUE
 */
export function readDriver(driver: string, options: Options): NetworkDriverRequest {
  const read = Object.hasOwn(readers, driver) ? readers[driver as Driver] : undefined;
  if (read !== undefined) return read(options);
  throw doorError(
    "CREATE_UNSUPPORTED",
    `could not find plugin ${driver} in v1 plugin registry: plugin not found`,
    { hint: `drivers are ${Object.keys(readers).join(", ")}` },
  );
}

function readBridge(options: Options): Extract<NetworkDriverRequest, { driver?: "bridge" }> {
  const { [names.open]: open, [names.masquerade]: masquerade } = options;
  const { [names.binding]: binding, [names.bridge]: bridge } = options;
  if (binding !== undefined && !isIPv4(binding)) {
    throw doorError("CREATE_VALUE", `"${binding}" is no address of IPv4 for ${names.binding}`);
  }
  if (bridge !== undefined && !/^[A-Za-z0-9_.-]{1,15}$/.test(bridge)) {
    throw doorError("CREATE_VALUE", `"${bridge}" is no name for a bridge`, {
      hint: "at most 15 letters, digits, and _ . -",
    });
  }
  return {
    driver: "bridge",
    ...given("mtu", readMtu(options)),
    ...given("open", open === undefined ? undefined : open !== "false"),
    ...given("masquerade", masquerade === undefined ? undefined : masquerade !== "false"),
    ...given("binding", binding),
    ...given("bridge", bridge),
  };
}

function readParent(options: Options): { readonly parent?: string; readonly mtu?: number } {
  return { ...given("parent", options[names.parent] || undefined), ...given("mtu", readMtu(options)) };
}

function readMtu({ [names.mtu]: mtu }: Options): number | undefined {
  if (mtu === undefined) return undefined;
  if (!/^\d{2,5}$/.test(mtu)) throw doorError("CREATE_VALUE", `"${mtu}" is no size for ${names.mtu}`);
  return Number(mtu);
}

/** An empty value is the driver's own choice, as in Docker. */
function readChoice<T extends string>(options: Options, name: string, choices: readonly T[]): T | undefined {
  const value = options[name];
  if (!value) return undefined;
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  throw doorError("CREATE_VALUE", `"${value}" is no ${name}`, { hint: `it is one of ${choices.join(", ")}` });
}

/** A property, where it has a value. */
function given<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: V });
}
