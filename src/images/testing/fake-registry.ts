import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Digest, sha256 } from "../../base/index.ts";
import type { Descriptor } from "../../specs/index.ts";
import { createFakeUploads } from "./fake-uploads.ts";

/** Answers a request in the registry's place and returns true, or leaves it to the registry. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A registry on a loopback port that serves what a test puts in, and misbehaves where a test asks for it. */
export interface FakeRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`, as a reference begins. */
  readonly host: string;
  /** Every request so far, as `GET /v2/...`. */
  readonly requests: readonly string[];
  /** Headers of every request so far. */
  readonly headers: readonly IncomingMessage["headers"][];
  /** Asked in order before the registry answers. */
  readonly faults: Fault[];
  putBlob(data: Uint8Array | string): { digest: Digest; size: number };
  /** Serves a document under a tag and under its digest. */
  putManifest(repository: string, tag: string, document: object): Descriptor;
  /** The digest that a tag stands for. */
  tagged(repository: string, tag: string): Digest | undefined;
  /** A blob that was put in or uploaded. */
  blob(digest: string): Buffer | undefined;
  /** How many uploads are neither complete nor cancelled. */
  unfinished(): number;
}

type Document = { mediaType: string; data: Buffer };

export async function startFakeRegistry(): Promise<FakeRegistry> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Document>();
  const requests: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const faults: Fault[] = [];
  const uploads = createFakeUploads(blobs);
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    headers.push(request.headers);
    if (faults.some((fault) => fault(request, response))) return;
    const [, repository, kind, reference = ""] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(request.url?.split("?")[0] ?? "") ?? [];
    const document = manifests.get(`${repository} ${reference}`);
    const blob = blobs.get(reference);
    const listed = /^\/v2\/(.+)\/tags\/list/.exec(request.url ?? "")?.[1];
    if (listed !== undefined) return void serveTags(request, response, manifests, listed);
    if (uploads.handle(request, response)) return;
    if (kind === "manifests" && request.method === "DELETE") {
      const gone = [...manifests].filter(([, each]) => each === document);
      for (const [key] of gone) manifests.delete(key);
      response.writeHead(gone.length > 0 ? 202 : 404).end();
    } else if (kind === "manifests" && request.method === "PUT") {
      void storeManifest(request, response, (data, mediaType) => {
        const stored = { mediaType, data };
        for (const name of [reference, sha256(data)]) manifests.set(`${repository} ${name}`, stored);
      });
    } else if (kind === "manifests" && document !== undefined) serveManifest(response, document);
    else if (kind === "blobs" && blob !== undefined) serveBlob(request, response, blob);
    else refuse(response, 404, kind === "blobs" ? "BLOB_UNKNOWN" : "MANIFEST_UNKNOWN");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    headers,
    faults,
    putBlob(data) {
      const bytes = Buffer.from(data);
      const digest = sha256(bytes);
      blobs.set(digest, bytes);
      return { digest, size: bytes.length };
    },
    putManifest(repository, tag, document) {
      const data = Buffer.from(JSON.stringify(document));
      const { mediaType } = document as { mediaType: string };
      const digest = sha256(data);
      const stored = { mediaType, data };
      for (const reference of [tag, digest]) manifests.set(`${repository} ${reference}`, stored);
      return { mediaType, digest, size: data.length };
    },
    tagged(repository, tag) {
      const document = manifests.get(`${repository} ${tag}`);
      return document && sha256(document.data);
    },
    blob: (digest) => blobs.get(digest),
    unfinished: () => uploads.unfinished(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function storeManifest(
  request: IncomingMessage,
  response: ServerResponse,
  store: (data: Buffer, mediaType: string) => void,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const data = Buffer.concat(chunks);
  store(data, request.headers["content-type"] ?? "");
  response.writeHead(201, { "docker-content-digest": sha256(data) }).end();
}

/** Pages of two tags. */
function serveTags(
  request: IncomingMessage,
  response: ServerResponse,
  manifests: ReadonlyMap<string, Document>,
  repository: string,
): void {
  const last = new URL(request.url ?? "", "http://fake").searchParams.get("last") ?? "";
  const keys = [...manifests.keys()].filter((key) => key.startsWith(`${repository} `) && !key.includes(":"));
  const tags = keys.map((key) => key.slice(repository.length + 1)).filter((tag) => tag > last);
  const page = tags.toSorted().slice(0, 2);
  const more =
    tags.length > 2 ? { link: `</v2/${repository}/tags/list?n=2&last=${page[1]}>; rel="next"` } : {};
  response.writeHead(200, { "content-type": "application/json", ...more });
  response.end(JSON.stringify({ name: repository, tags: page }));
}

function serveManifest(response: ServerResponse, { mediaType, data }: Document): void {
  response.writeHead(200, {
    "content-type": mediaType,
    "content-length": data.length,
    "docker-content-digest": sha256(data),
  });
  response.end(data);
}

function serveBlob(request: IncomingMessage, response: ServerResponse, blob: Buffer): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? -1);
  const range = start < 0 ? {} : { "content-range": `bytes ${start}-${blob.length - 1}/${blob.length}` };
  const data = blob.subarray(Math.max(start, 0));
  response.writeHead(start < 0 ? 200 : 206, { ...range, "content-length": data.length });
  response.end(data);
}

/** Answers with a status and a registry's error document. */
export function refuse(response: ServerResponse, status: number, code: string, extra: object = {}): true {
  response.writeHead(status, { "content-type": "application/json", ...extra });
  response.end(JSON.stringify({ errors: [{ code, message: `${code} happened` }] }));
  return true;
}

/** Answers always the same. */
export function reply(
  status: number,
  headers: Record<string, string> = {},
  body: string | Uint8Array = "",
): Fault {
  return (_request, response) => {
    response.writeHead(status, headers).end(body);
    return true;
  };
}

/** Cuts the connection without an answer. */
export const hangUp: Fault = (_request, response) => {
  response.destroy();
  return true;
};

/** Answers with a redirect. */
export const redirect = (location: string): Fault => reply(307, { location });

/** A fault for the first requests whose address contains a text. */
export function times(count: number, part: string, fault: Fault): Fault {
  let left = count;
  return (request, response) => {
    if (left === 0 || !request.url?.includes(part)) return false;
    left -= 1;
    return fault(request, response);
  };
}

/** Sends the beginning of a blob under the length of all of it and cuts the connection. */
export function truncate(data: Uint8Array, after: number): Fault {
  return (_request, response) => {
    response.writeHead(200, { "content-length": data.length });
    response.write(data.subarray(0, after), () => response.destroy());
    return true;
  };
}

/** Wants Basic authentication. */
export function requireBasic(username: string, password: string): Fault {
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  return (request, response) =>
    request.headers.authorization !== expected &&
    refuse(response, 401, "UNAUTHORIZED", { "www-authenticate": 'Basic realm="test"' });
}

export type TokenServer = {
  /** Checks what a client sends to the token server; anonymous clients are served by default. */
  admit?: (request: IncomingMessage, body: string) => boolean;
  /** Members of the token server's answer. */
  answer?: () => object;
};

/** Wants a Bearer token, `token` by default, that the same server gives at /token. */
export function requireToken(host: string, options: TokenServer = {}): Fault {
  const { admit = () => true, answer = () => ({ token: "token", expires_in: 300 }) } = options;
  let valid = "token";
  return (request, response) => {
    if (request.url?.startsWith("/token")) {
      void readAll(request).then((body) => {
        if (!admit(request, body)) return refuse(response, 401, "UNAUTHORIZED");
        const document = answer() as { token?: string; access_token?: string };
        valid = document.token ?? document.access_token ?? valid;
        response.end(JSON.stringify(document));
      });
      return true;
    }
    const challenge = `Bearer realm="http://${host}/token",service="test registry",scope="repository:a/b:pull"`;
    return (
      request.headers.authorization !== `Bearer ${valid}` &&
      refuse(response, 401, "UNAUTHORIZED", { "www-authenticate": challenge })
    );
  };
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}
