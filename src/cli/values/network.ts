import { readCsv } from "./csv.ts";
import { readInteger } from "./numbers.ts";
import { badValue } from "./words.ts";

/** A network that a container shall be on, and what it has there. */
export type NetworkPlace = {
  name: string;
  aliases: string[];
  ip?: string;
  ip6?: string;
  mac?: string;
  /** Of the networks the default route leads through one with the highest. */
  priority?: number;
};

const readPriority = readInteger(-(2 ** 31), 2 ** 31 - 1);

const fields: Readonly<Record<string, (place: NetworkPlace, value: string) => void>> = {
  name: (place, value) => {
    place.name = value;
  },
  alias: (place, value) => {
    place.aliases.push(value);
  },
  ip: (place, value) => {
    place.ip = value;
  },
  ip6: (place, value) => {
    place.ip6 = value;
  },
  "mac-address": (place, value) => {
    place.mac = value;
  },
  "gw-priority": (place, value) => {
    place.priority = readPriority(value);
  },
};

/** `NETWORK`, or `name=NETWORK,alias=NAME,ip=ADDRESS,...`. @throws CLI_VALUE */
export function readNetwork(text: string): NetworkPlace {
  if (!text.includes("=")) return { name: text, aliases: [] };
  const place: NetworkPlace = { name: "", aliases: [] };
  for (const field of readCsv(text)) {
    const [, key = "", value = ""] = /^\s*([^=]+?)\s*=(.*)$/s.exec(field) ?? [];
    const set = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (set === undefined)
      throw badValue(`"${field}" is none of ${Object.keys(fields).join(", ")} with a value`);
    set(place, value.trim());
  }
  if (place.name === "") throw badValue("it names no network: name=NETWORK is missing");
  return place;
}
