import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** What a server answers to a client that asks for a WebSocket. */
export type Handshake = {
  /** The value of Sec-WebSocket-Accept. */
  readonly accept: string;
  /** The subprotocol; undefined where the client offers none. */
  readonly protocol: string | undefined;
};

/** Source: RFC 6455, section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const VERSION = "13";
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Reads what a client asks for. Of several subprotocols it gets the first.
 *
 * @returns the handshake, or what is wrong with the request
 */
export function readHandshake(headers: IncomingHttpHeaders): Handshake | { readonly wrong: string } {
  if (!listed(headers.upgrade).includes("websocket") || !listed(headers.connection).includes("upgrade")) {
    return { wrong: "it does not ask for a WebSocket by Upgrade and Connection" };
  }
  if (headers["sec-websocket-version"] !== VERSION) {
    return { wrong: `Sec-WebSocket-Version is not ${VERSION}` };
  }
  const key = headers["sec-websocket-key"] ?? "";
  // 16 bytes in base64.
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) return { wrong: "Sec-WebSocket-Key is not one" };
  const [protocol] = (headers["sec-websocket-protocol"] ?? "").split(",").map((each) => each.trim());
  if (protocol && !token.test(protocol)) return { wrong: "Sec-WebSocket-Protocol is not a list of names" };
  const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
  return { accept, protocol: protocol || undefined };
}

/** The head of the answer that makes the connection a WebSocket. */
export function encodeHandshake({ accept, protocol }: Handshake): string {
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** The words of a header that is a list; their case is of no meaning. */
function listed(header: string | undefined): string[] {
  return (header ?? "").split(",").map((word) => word.trim().toLowerCase());
}
