import { isIP } from "node:net";
import { hostname } from "node:os";
import { TugError } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import { parseName } from "../reference.ts";

/** Where a server listens. */
export type ListenAddress = { readonly host: string; readonly port: number };

type Settings = {
  readonly listen: string;
  readonly name?: string | undefined;
  readonly tls?: object | undefined;
  readonly plainHttp?: boolean | undefined;
};

/**
 * The address of `HOST:PORT`, `:PORT` for all addresses, or `PORT` for the machine's own.
 * @throws IMAGE_REGISTRY_SERVER also for http on an address that other machines reach
 */
export function readListenAddress({ listen, tls, plainHttp }: Settings): ListenAddress {
  const [, bracketed, plain, digits = ""] =
    /^(?:(?:\[([0-9a-fA-F:]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(listen) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65535) {
    throw imageError(
      "REGISTRY_SERVER",
      `cannot serve a registry on ${JSON.stringify(listen)}: it is no address`,
      {
        hint: "write it as HOST:PORT, such as 127.0.0.1:5000",
      },
    );
  }
  const host = bracketed ?? plain ?? "127.0.0.1";
  const address = { host: host === "" ? "0.0.0.0" : host, port };
  if (tls !== undefined || plainHttp === true || isLoopback(address.host)) return address;
  throw imageError("REGISTRY_SERVER", `cannot serve a registry on ${listen}: others could read along`, {
    hint: "give it a certificate with --tls-cert and --tls-key, or allow it with --plain-http",
  });
}

/**
 * What the store calls a registry: what clients put before its repositories' names.
 * @throws IMAGE_REGISTRY_SERVER for a name that no image can have
 */
export function registryNameOf({ name }: Settings, { host, port }: ListenAddress): string {
  const isEverywhere = ["0.0.0.0", "::"].includes(host);
  const own = isEverywhere ? hostname() : isIP(host) === 6 ? `[${host}]` : host;
  const chosen = name ?? `${own}:${port}`;
  if (isDomain(chosen)) return chosen;
  throw imageError(
    "REGISTRY_SERVER",
    `cannot call a registry ${JSON.stringify(chosen)}: no image can have that name`,
    {
      hint: "give it the name that clients use with --name, such as registry.example.com or localhost:5000",
    },
  );
}

/**
 * The name of the registry that a text means: `docker.io`, or `https://registry-1.docker.io`, which is where it is.
 * @throws IMAGE_REGISTRY_SERVER
 */
export function readMirror(text: string): string {
  const [, host = ""] = /^(?:https?:\/\/)?([^/]+)\/?$/.exec(text) ?? [];
  const name = ["registry-1.docker.io", "index.docker.io"].includes(host) ? "docker.io" : host;
  if (isDomain(name)) return name;
  throw imageError("REGISTRY_SERVER", `cannot be a mirror of ${JSON.stringify(text)}: it is no registry`, {
    hint: "write the name of a registry, such as docker.io or https://registry.example.com",
  });
}

function isDomain(text: string): boolean {
  try {
    return parseName(`${text}/name/name`).domain === text;
  } catch (error) {
    if (error instanceof TugError) return false;
    throw error;
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
