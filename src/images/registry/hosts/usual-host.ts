import type { Reference } from "../../reference.ts";
import { registryOrigin } from "../endpoint.ts";
import { allCapabilities, type Host, type TlsSettings, usualTls } from "./host.ts";

/** The host that a reference names, as it is spoken to where nothing is configured. */
export function usualHost(
  { domain, path }: Pick<Reference, "domain" | "path">,
  { isPlain, tls = usualTls }: { isPlain?: ((host: string) => boolean) | undefined; tls?: TlsSettings } = {},
): Host {
  return {
    api: new URL("/v2/", registryOrigin(domain, isPlain)),
    path,
    capabilities: allCapabilities,
    tls,
    headers: {},
    connectTimeout: undefined,
    isMirror: false,
    namespace: undefined,
  };
}

/** A host that may have any certificate, or none: https first, then without encryption. */
export function insecurely(host: Host): Host[] {
  const [secure, plain] = [new URL(host.api), new URL(host.api)];
  secure.protocol = "https:";
  plain.protocol = "http:";
  return [
    { ...host, api: secure, tls: { ...host.tls, verify: false } },
    { ...host, api: plain },
  ];
}
