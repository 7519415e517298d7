import { imageError } from "../errors.ts";
import { defaultDomain, isDomain } from "../reference.ts";

/** Docker Hub's registry has another name than the one that references carry. */
const hubHost = "registry-1.docker.io";

/** The host, with port, of the registry that a domain of a reference stands for. */
export function registryHost(domain: string): string {
  return domain === defaultDomain ? hubHost : domain;
}

/** Whether a host name or address, with or without a port, is this machine by its very spelling. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return name === "localhost" || name === "[::1]" || /^127(\.\d{1,3}){3}$/.test(name);
}

/** Refuses what no registry can be at, such as a port beyond 65535. @throws IMAGE_REFERENCE */
export function checkDomain(domain: string): void {
  if (isDomain(domain) && URL.canParse(`https://${domain}`)) return;
  throw imageError(
    "REFERENCE",
    `cannot use registry ${JSON.stringify(domain.slice(0, 60))}: it is no host, or has no such port`,
    { hint: "write it as HOST or HOST:PORT, such as registry.example:5000" },
  );
}

/**
 * Where requests to a registry go. Nothing but loopback is spoken to without encryption, unless it is allowed by
 * name; a name that merely resolves to a loopback address is not loopback.
 * @throws IMAGE_REFERENCE
 */
export function registryOrigin(domain: string, isPlain: (host: string) => boolean = isLoopback): URL {
  checkDomain(domain);
  const host = registryHost(domain);
  return new URL(`${isPlain(host) ? "http" : "https"}://${host}`);
}
