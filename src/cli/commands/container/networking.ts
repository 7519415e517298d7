import type { dockerApi } from "../../../specs/index.ts";
import { cliError } from "../../errors.ts";
import type { NetworkPlace } from "../../values/network.ts";
import type { CreateValues } from "./create-body.ts";

/** What belongs to one network and means nothing without it. */
const placeOptions = ["ip", "ip6", "mac-address", "network-alias"] as const;

/** The network that a container is on first. */
export function networkMode(values: CreateValues): string {
  return placesOf(values)[0].name;
}

/**
 * Names by which others of its networks find the container, and its addresses there. Options that name no network are about
 * the first.
 *
 * @throws CLI_CONFLICT where there is no network, or an option is given twice
 */
export function networkingConfig(values: CreateValues): dockerApi.CreateBody["NetworkingConfig"] {
  const [first, ...others] = placesOf(values);
  const given = placeOptions.find((name) => values[name] !== undefined && values[name].length > 0);
  const places = [withOptions(first, values), ...others];
  if (given === undefined && others.length === 0 && isPlain(first)) return undefined;
  for (const { name } of places) {
    if (!/^(none|host|container:.*)$/s.test(name)) continue;
    const what = others.length > 0 ? "use several networks" : `use --${given ?? "network with an address"}`;
    throw cliError("CONFLICT", `cannot ${what}: the container is on no network of its own (${name})`, {
      hint: "name one: --network bridge, or one of yours",
    });
  }
  return { EndpointsConfig: Object.fromEntries(places.map((place) => [place.name, endpointOf(place)])) };
}

function placesOf({ network, net }: CreateValues): readonly [NetworkPlace, ...NetworkPlace[]] {
  const [first = { name: "default", aliases: [] }, ...others] = [...network, ...net];
  return [first, ...others];
}

function isPlain({ aliases, ip, ip6, mac, priority }: NetworkPlace): boolean {
  return aliases.length === 0 && (ip ?? ip6 ?? mac ?? priority) === undefined;
}

function withOptions(place: NetworkPlace, values: CreateValues): NetworkPlace {
  const { ip = place.ip, ip6 = place.ip6, "mac-address": mac = place.mac } = values;
  return {
    ...place,
    aliases: [...place.aliases, ...values["network-alias"]],
    ...(ip !== undefined && { ip }),
    ...(ip6 !== undefined && { ip6 }),
    ...(mac !== undefined && { mac }),
  };
}

function endpointOf({ aliases, ip, ip6, mac, priority }: NetworkPlace) {
  return {
    Aliases: aliases,
    IPAMConfig: { IPv4Address: ip, IPv6Address: ip6 },
    MacAddress: mac,
    GwPriority: priority,
  };
}
