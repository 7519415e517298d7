import { readFile } from "node:fs/promises";
import { errnoOf, messageOf } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import { defaultDomain } from "../reference.ts";
import { askCredentialHelper } from "./credential-helper.ts";
import type { CredentialSource, Credentials } from "./credentials.ts";

/** Docker's tools keep the Hub's credentials under this name. */
const hubKey = "https://index.docker.io/v1/";

type Entry = Readonly<Record<string, unknown>>;

export type DockerConfigOptions = {
  /** The search path for helper programs. */
  path?: string;
};

/**
 * Credentials from the file that `docker login` writes, and from the helper programs it names: `credHelpers` for one
 * registry, `credsStore` for all, `auths` otherwise. The file is read at every call; where there is none, there are
 * no credentials.
 *
 * Source: https://docs.docker.com/reference/cli/docker/login/#credential-stores
 * @param file `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`
 * @throws IMAGE_CREDENTIALS for a file that cannot be read or has wrong types, or a helper that fails
 */
export function dockerConfigCredentials(file: string, options: DockerConfigOptions = {}): CredentialSource {
  return async (domain, signal) => {
    const config = await readConfig(file);
    const key = domain === defaultDomain ? hubKey : domain;
    const helper =
      memberOf(config, "credHelpers", file)[domain] ?? memberOf(config, "credHelpers", file)[key];
    const store = helper ?? config.credsStore;
    if (typeof store === "string" && store !== "") {
      const found = await askCredentialHelper(store, key, { ...options, signal });
      if (found !== undefined || helper !== undefined) return found;
    }
    const auths = memberOf(config, "auths", file);
    const entry =
      Object.entries(auths).find(([name]) => name === key) ?? Object.entries(auths).find(matches(domain));
    return entry === undefined ? undefined : parseEntry(entry[1], `${file}#/auths/${entry[0]}`);
  };
}

async function readConfig(file: string): Promise<Entry> {
  try {
    return asObject(JSON.parse(await readFile(file, "utf8")), file);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return {};
    // The parser's own words could quote a password.
    if (error instanceof SyntaxError) throw unusable(file, "it is not JSON");
    if (errnoOf(error) !== undefined) throw unusable(file, messageOf(error));
    throw error;
  }
}

/** Old files have the registry as an address: `https://host/v1/`. */
function matches(domain: string): (entry: [string, unknown]) => boolean {
  const wanted = domain === defaultDomain ? "index.docker.io" : domain;
  return ([name]) => name.replace(/^https?:\/\//, "").replace(/\/(v[12]\/?)?$/, "") === wanted;
}

/** An entry of `auths`: `auth` is base64 of `user:password`. */
function parseEntry(value: unknown, place: string): Credentials | undefined {
  const entry = asObject(value, place);
  const text = (name: string) => {
    const member = entry[name] ?? "";
    if (typeof member !== "string") throw unusable(place, `${name} is not a text`);
    return member;
  };
  if (text("registrytoken") !== "") return { registryToken: text("registrytoken") };
  if (text("identitytoken") !== "") return { identityToken: text("identitytoken") };
  if (text("auth") === "") {
    const username = text("username");
    return username === "" ? undefined : { username, password: text("password") };
  }
  const decoded = Buffer.from(text("auth"), "base64").toString();
  const colon = decoded.indexOf(":");
  if (colon < 1) throw unusable(place, "auth is not base64 of user:password");
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, "") };
}

function memberOf(config: Entry, name: string, file: string): Entry {
  const value = config[name];
  return value === undefined || value === null ? {} : asObject(value, `${file}#/${name}`);
}

function asObject(value: unknown, place: string): Entry {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Entry;
  throw unusable(place, "it is not an object");
}

function unusable(place: string, reason: string) {
  return imageError("CREDENTIALS", `cannot use ${place}: ${reason}`, {
    hint: "log in again, or repair the file",
  });
}
