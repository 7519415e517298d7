import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import { messageOf } from "../base/index.ts";
import { endpointError } from "./errors.ts";

/** What both sides of a connection show each other, as PEM. */
export type TlsMaterial = {
  /** Whom the engine's certificate must come from; undefined: whom this machine trusts. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Any engine is believed. */
  readonly skipVerify?: boolean | undefined;
};

/** How long a machine may take to answer, in milliseconds. */
const PATIENCE = 30_000;

/** A connection with TLS to an engine. @throws ENDPOINT_TLS */
export async function dialTls(
  { host, port }: { readonly host: string; readonly port: number },
  { ca, cert, key, skipVerify = false }: TlsMaterial,
): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  try {
    const socket = connect({
      host,
      port,
      ALPNProtocols: ["http/1.1"],
      minVersion: "TLSv1.2",
      rejectUnauthorized: !skipVerify,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    socket.once("secureConnect", resolve).once("error", reject);
    const late = setTimeout(() => socket.destroy(new Error("it does not answer")), PATIENCE);
    await promise.finally(() => clearTimeout(late));
    socket.off("error", reject);
    return socket;
  } catch (cause) {
    throw endpointError("TLS", `cannot reach the engine at tcp://${host}:${port}: ${messageOf(cause)}`, {
      cause,
      hint: "see whether it listens there, and whether the certificates fit",
    });
  }
}
