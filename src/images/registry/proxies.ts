import { imageError } from "../errors.ts";
import { isLoopback } from "./endpoint.ts";

/** Which proxy is for which addresses, under the names that Node's agents know. */
export type Proxies = {
  readonly HTTP_PROXY?: string;
  readonly HTTPS_PROXY?: string;
  readonly NO_PROXY?: string;
};

/**
 * The proxies that an environment names, in capital or small letters; `ALL_PROXY` stands for what is not named.
 * @throws IMAGE_REGISTRY_PROXY for a proxy that is not spoken to over http or https
 */
export function readProxies(env: Readonly<Record<string, string | undefined>>): Proxies {
  const read = (name: string) => env[name.toLowerCase()] || env[name] || undefined;
  const proxy = (name: string) => {
    const text = read(name) ?? read("ALL_PROXY");
    if (text === undefined) return undefined;
    const address = text.includes("://") ? text : `http://${text}`;
    if (URL.canParse(address) && ["http:", "https:"].includes(new URL(address).protocol)) return address;
    throw imageError(
      "REGISTRY_PROXY",
      `cannot use ${name}: it is no address that begins with http:// or https://`,
    );
  };
  const [http, https, none] = [proxy("HTTP_PROXY"), proxy("HTTPS_PROXY"), read("NO_PROXY")];
  return {
    ...(http !== undefined && { HTTP_PROXY: http }),
    ...(https !== undefined && { HTTPS_PROXY: https }),
    ...(none !== undefined && { NO_PROXY: none }),
  };
}

/** Whether an address is reached without a proxy whatever is said: no proxy is on the way to this machine itself. */
export function isDirect(url: URL): boolean {
  return isLoopback(url.host);
}
