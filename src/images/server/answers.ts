import type { IncomingMessage, ServerResponse } from "node:http";

/** What a registry can refuse. Source: distribution-spec v1.1.1, "Error Codes" */
export type RefusalCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "SIZE_INVALID"
  | "UNAUTHORIZED"
  | "DENIED"
  | "UNSUPPORTED"
  | "TOOMANYREQUESTS"
  // Of failures of the registry itself, which the specification leaves open.
  | "INTERNAL"
  | "UNAVAILABLE";

/** A request that is answered with a status and one of the codes. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: RefusalCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: RefusalCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Sends a refusal in the form that clients read; HEAD gets its status alone. */
export function sendRefusal(
  response: ServerResponse,
  { status, code, message, headers }: Refusal,
  isHead: boolean,
): void {
  const body = JSON.stringify({ errors: [{ code, message }] });
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(isHead ? undefined : body);
}

/** Sends a document; HEAD gets its headers alone. */
export function sendBytes(
  response: ServerResponse,
  { data, headers, isHead }: { data: Uint8Array; headers: Readonly<Record<string, string>>; isHead: boolean },
): void {
  response.writeHead(200, { "content-length": data.length, ...headers });
  response.end(isHead ? undefined : data);
}

/** An answer without a body. */
export function sendEmpty(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-length": "0", ...headers });
  response.end();
}

/** The refusal for a method that an endpoint does not know. */
export function unsupportedMethod(method: string): Refusal {
  return new Refusal(405, "UNSUPPORTED", `${method} is not supported here`);
}

/**
 * The bytes of a request, in pieces that are worth a write: those of a connection are small. A reader that stops early
 * leaves the connection for the answer. Where the client goes away, what came before is given before the failure.
 */
export async function* bodyOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let size = 0;
  const taken = (): Buffer => {
    const [first = Buffer.alloc(0)] = pieces;
    const whole = pieces.length === 1 ? first : Buffer.concat(pieces, size);
    pieces = [];
    size = 0;
    return whole;
  };
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      pieces.push(chunk);
      size += chunk.length;
      if (size >= worthWriting) yield taken();
    }
  } catch (error) {
    if (size > 0) yield taken();
    throw error;
  }
  if (size > 0) yield taken();
}

const worthWriting = 256 * 1024;
