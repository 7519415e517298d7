import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, isIP } from "node:net";
import { createKeyedMutex, type Database, errnoOf, type Logger, messageOf } from "../../base/index.ts";
import type { ContentStore } from "../content/content-store.ts";
import { imageError } from "../errors.ts";
import type { ImageStore } from "../image-store.ts";
import type { ImageTable } from "../image-table.ts";
import type { Leases } from "../leases.ts";
import { answerRequest } from "./answer-request.ts";
import { createDocuments } from "./documents.ts";
import type { RegistryParts } from "./exchange.ts";
import { type ListenAddress, readListenAddress, readMirror, registryNameOf } from "./listen-address.ts";
import { createMirror, type UpstreamPort } from "./mirror.ts";
import { createRegistryTable } from "./registry-table.ts";
import { openRepositories } from "./repositories.ts";
import { createTidier } from "./tidy.ts";
import { createUploads } from "./uploads.ts";
import { readUsers } from "./users.ts";

export type ServeRegistryOptions = {
  content: ContentStore;
  table: ImageTable;
  store: ImageStore;
  leases: Leases;
  database: Database;
  logger: Logger;
  /** Where a mirror gets what it has not. */
  upstream: UpstreamPort;
  collect: () => Promise<unknown>;
  now: () => number;
};

/** How a registry is to be served. */
export type RegistrySettings = {
  /** `HOST:PORT`; port 0 is a free one. */
  readonly listen: string;
  /** What clients call the registry, and what its repositories' names in the store begin with. */
  readonly name?: string | undefined;
  /** In PEM; without them http is spoken. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
  /** Allows http on addresses that other machines reach. */
  readonly plainHttp?: boolean | undefined;
  /** Text of a file with a user in each line, and its name. Without it everybody may do everything. */
  readonly users?: { readonly text: string; readonly file: string } | undefined;
  readonly readOnly?: boolean | undefined;
  /** Name or address of a registry: what is not here is fetched from there. The registry is read-only and has its name. */
  readonly mirror?: string | undefined;
};

/** A request that has been answered, or given up by the client. */
export type ServedRequest = {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly remote: string;
  readonly user: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Bytes of the body that were sent. */
  readonly bytes: number;
  readonly milliseconds: number;
  /** Why it failed, if it did. */
  readonly reason: string | undefined;
};

/** A registry that listens. Disposing of it ends all connections; uploads under way are lost. */
export interface RegistryServer extends AsyncDisposable {
  readonly name: string;
  /** Such as `http://127.0.0.1:5000`. */
  readonly url: string;
  /** Resolves when it has ended. */
  readonly closed: Promise<void>;
}

/** A connection on which nothing moves is ended after so long, in milliseconds. */
const idleTimeout = 120_000;
const mostConnections = 512;

/**
 * Serves what is in the store as a registry, and takes in what is pushed.
 *
 * @param onServed told of every request when it is over
 * @throws IMAGE_REGISTRY_SERVER for settings that do not go together or are of no use, IMAGE_REGISTRY_BUSY
 */
export async function serveRegistry(
  options: ServeRegistryOptions,
  settings: RegistrySettings,
  onServed: (request: ServedRequest) => void = () => {},
): Promise<RegistryServer> {
  const address = readListenAddress(settings);
  const users = settings.users && readUsers(settings.users.text, settings.users.file);
  await using scope = new AsyncDisposableStack();
  const server = createListener(settings);
  const stop = new AbortController();
  const port = await listen(server, address);
  scope.defer(() => closeServer(server));
  const mirrored = settings.mirror === undefined ? undefined : readMirror(settings.mirror);
  const name = registryNameOf({ ...settings, name: mirrored ?? settings.name }, { ...address, port });
  const parts = scope.use(await openParts(options, { name, isMirror: mirrored !== undefined }));
  const underWay = new Set<Promise<void>>();
  scope.defer(async () => {
    stop.abort();
    server.closeAllConnections();
    await Promise.all(underWay);
  });
  const answer = answerRequest(parts, {
    users,
    readOnly: parts.mirror !== undefined || settings.readOnly === true,
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const signal = AbortSignal.any([gone.signal, stop.signal]);
    // A connection that has ended does not tell whose it was.
    const began = { time: options.now(), at: performance.now(), remote: request.socket.remoteAddress ?? "" };
    const answered = answer({ request, response, signal }).then((outcome) => {
      const milliseconds = performance.now() - began.at;
      underWay.delete(answered);
      const { time, remote } = began;
      onServed({ ...describeRequest(request, response), ...outcome, time, remote, milliseconds });
    });
    underWay.add(answered);
  });
  const open = scope.move();
  const scheme = settings.tls === undefined ? "http" : "https";
  const host = isIP(address.host) === 6 ? `[${address.host}]` : address.host;
  const closed = Promise.withResolvers<void>();
  return {
    name,
    url: `${scheme}://${host}:${port}`,
    closed: closed.promise,
    async [Symbol.asyncDispose]() {
      await open.disposeAsync();
      closed.resolve();
    },
  };
}

async function openParts(
  options: ServeRegistryOptions,
  { name, isMirror }: { name: string; isMirror: boolean },
) {
  const { content, table, database, now } = options;
  const registry = createRegistryTable(database);
  const documents = createDocuments(content);
  const repositories = openRepositories({ content, table, registry, documents });
  const tidier = await createTidier({ ...options, registry });
  const uploads = createUploads(content, now);
  const changes = createKeyedMutex();
  const own = { ...options, registry, documents, repositories, alone: changes.run };
  const mirror = isMirror ? createMirror(own) : undefined;
  const parts: RegistryParts = { ...own, name, uploads, mirror, onGarbage: tidier.soon };
  return {
    ...parts,
    async [Symbol.asyncDispose]() {
      await mirror?.[Symbol.asyncDispose]();
      await uploads[Symbol.asyncDispose]();
      await tidier[Symbol.asyncDispose]();
    },
  };
}

function createListener({ tls }: RegistrySettings): Server {
  // A blob may take as long as it takes, as long as it moves.
  const common = { requestTimeout: 0, keepAliveTimeout: 60_000 };
  try {
    const server =
      tls === undefined
        ? createServer(common)
        : createSecureServer({ ...common, cert: tls.certificate, key: tls.key, minVersion: "TLSv1.2" });
    server.setTimeout(idleTimeout);
    server.maxConnections = mostConnections;
    return server;
  } catch (cause) {
    throw imageError("REGISTRY_SERVER", `cannot use the certificate and the key: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Gives the port. */
async function listen(server: Server, { host, port }: ListenAddress): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  } catch (cause) {
    const busy = errnoOf(cause) === "EADDRINUSE";
    const message = `cannot serve a registry on ${host}:${port}: ${busy ? "the address is taken" : messageOf(cause)}`;
    throw imageError(busy ? "REGISTRY_BUSY" : "REGISTRY_SERVER", message, {
      cause,
      ...(busy && { hint: "choose another one with --listen" }),
    });
  }
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

function describeRequest(request: IncomingMessage, response: ServerResponse) {
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    status: response.statusCode,
    bytes: Number(response.getHeader("content-length") ?? 0),
  };
}
